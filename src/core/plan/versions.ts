/**
 * The record of the versions that a run of the fetcher delivered: one line of the termination message, which other programs
 * read from the status of the pod. It names secrets by their index in the plan, because the pod contains the plan, and
 * Kubernetes cuts messages after 4096 bytes.
 *
 *     versions v1 0=1c8b7e0a-… 1=- +3
 *
 * `-` stands for an optional secret that does not exist, and `+3` for three secrets that did not fit.
 */

const START = 'versions v1';
const ABSENT = '-';
/** Version IDs have 32 to 64 characters. Anything else in an answer must not get into a record. */
const VERSION_ID = /^[\w-]{32,64}$/;
const ENTRY = /^(\d{1,3})=(.{1,64})$/;
const MORE = /^\+(\d{1,3})$/;
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
  /** The number of secrets that are not in the record. */
  readonly more: number;
}

/**
 * Writes a record.
 * @param versions in the order of the plan; undefined for a version that is not known
 * @param most bytes of the line
 */
export function formatVersions(versions: readonly (DeliveredVersion | undefined)[], most: number): string {
  const entries: string[] = [];
  // The end is at most " +999".
  let left = most - START.length - 5;
  for (const [index, version] of versions.entries()) {
    const text = textOf(version);
    if (text === undefined) continue;
    const entry = `${index}=${text}`;
    left -= entry.length + 1;
    if (left < 0) break;
    entries.push(entry);
  }
  const more = versions.length - entries.length;
  return [START, ...entries, ...(more > 0 ? [`+${more}`] : [])].join(' ');
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
  const line = message
    .slice(0, MOST_CHARACTERS)
    .split('\n')
    .find((one) => one === START || one.startsWith(`${START} `));
  if (line === undefined) return undefined;
  const versions = new Map<number, DeliveredVersion>();
  const parts = line.split(' ').slice(2);
  const [, more] = MORE.exec(parts.at(-1) ?? '') ?? [];
  for (const part of more === undefined ? parts : parts.slice(0, -1)) {
    const [, index, text = ''] = ENTRY.exec(part) ?? [];
    const isVersion = text === ABSENT || isVersionId(text);
    if (index === undefined || !isVersion || versions.has(Number(index))) return undefined;
    versions.set(Number(index), text === ABSENT ? 'absent' : { id: text });
  }
  return { versions, more: Number(more ?? 0) };
}
