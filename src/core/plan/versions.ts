/**
 * The record of the versions that a run of the fetcher delivered: one line of the termination message, which other programs
 * read from the status of the pod. It names secrets by their index in the plan, because the pod contains the plan, and
 * kubelet cuts messages: at 4096 bytes, and at 12 KiB divided by the number of containers. Every entry ends with a
 * semicolon, so that the rest of a record that was cut is still exact.
 *
 *     versions v1 3 0=1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c11; 1=-;
 *
 * The number is that of all secrets, of which some may not be listed. `-` stands for an optional secret that does not exist.
 *
 * Source of the limits: "Customizing the termination message" in the documentation of Kubernetes.
 */

const START = 'versions v1';
const ABSENT = '-';
/** Version IDs have 32 to 64 characters. Anything else in an answer must not get into a record. */
const VERSION_ID = /^[\w-]{32,64}$/;
const ENTRY = /^(0|[1-9]\d{0,2})=([\w-]{1,64});$/;
const COUNT = /^(?:0|[1-9]\d{0,2})$/;
/** Longer lines are not records. */
const MOST_CHARACTERS = 4096;

/** Whether a text can be the ID of a version. */
export function isVersionId(text: string): boolean {
  return VERSION_ID.test(text);
}

/** The delivered version of a secret: its ID, or `absent` if the secret is optional and does not exist. */
export type DeliveredVersion = { readonly id: string } | 'absent';

export interface VersionsRecord {
  /** By the index of the secret in the plan. */
  readonly versions: ReadonlyMap<number, DeliveredVersion>;
  /** The number of secrets that are not in the record: they did not fit, or their version is not known. */
  readonly more: number;
}

/**
 * Writes a record.
 * @param versions in the order of the plan; undefined for a version that is not known
 * @param most bytes of the line
 */
export function formatVersions(versions: readonly (DeliveredVersion | undefined)[], most: number): string {
  let line = `${START} ${versions.length}`;
  for (const [index, version] of versions.entries()) {
    const text = textOf(version);
    const entry = text === undefined ? '' : ` ${index}=${text};`;
    if (line.length + entry.length > most) break;
    line += entry;
  }
  return line;
}

function textOf(version: DeliveredVersion | undefined): string | undefined {
  if (version === undefined) return undefined;
  if (version === 'absent') return ABSENT;
  return isVersionId(version.id) ? version.id : undefined;
}

/**
 * Finds the record in a termination message. Whoever runs the container can write any message, so a record is only a claim.
 * @returns undefined if there is none, or if any part of it is invalid
 */
export function parseVersions(message: string): VersionsRecord | undefined {
  const text = message.slice(0, MOST_CHARACTERS);
  const line = text.split('\n').find((one) => one.startsWith(`${START} `));
  if (line === undefined) return undefined;
  const [count = '', ...entries] = line.slice(START.length + 1).split(' ');
  // kubelet may have cut the last one.
  if (text.endsWith(line) && entries.at(-1)?.endsWith(';') === false) entries.pop();
  if (!COUNT.test(count)) return undefined;
  const versions = new Map<number, DeliveredVersion>();
  for (const entry of entries) {
    const [, index = count, version = ''] = ENTRY.exec(entry) ?? [];
    const isVersion = version === ABSENT || isVersionId(version);
    if (Number(index) >= Number(count) || !isVersion || versions.has(Number(index))) return undefined;
    versions.set(Number(index), version === ABSENT ? 'absent' : { id: version });
  }
  return { versions, more: Number(count) - versions.size };
}
