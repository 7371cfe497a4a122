/** Versions of secrets in an annotation of the rollout controller: JSON, one member for each secret and staging label. */
import { asObject } from '../json.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import type { PlanSecret } from './plan.ts';
import { isVersionId } from './versions.ts';

/** Version IDs by `versionKey`. */
export type VersionMap = ReadonlyMap<string, string>;

const DEFAULT_STAGE = 'AWSCURRENT';
/** All annotations of an object together have at most 256 KiB. */
const MOST_CHARACTERS = 128 * 1024;
const KEY = /^arn:[!-~]{1,2048}$/;

/**
 * The key of a secret: its ARN as written, with the staging label as in a reference if it is another one than AWSCURRENT.
 * @returns undefined for a secret whose version ID is in the reference: it never changes
 */
export function versionKey({ arn, stage, versionId }: PlanSecret): string | undefined {
  if (versionId !== undefined) return undefined;
  return stage === undefined || stage === DEFAULT_STAGE ? arn : `${arn}::${stage}`;
}

/** The ARN and the staging label of a key. */
export function secretOfKey(key: string): { readonly arn: string; readonly stage: string } {
  const [arn = '', stage = DEFAULT_STAGE] = key.split('::', 2);
  return { arn, stage };
}

/** Prints versions, sorted by key, so that the same versions have the same text. */
export function formatVersionMap(versions: VersionMap): string {
  return JSON.stringify(Object.fromEntries([...versions].toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/** Reads versions. The problem says what is wrong with the text. */
export function readVersionMap(text: string): Result<VersionMap, string> {
  const object = text.length > MOST_CHARACTERS ? undefined : asObject(parse(text));
  if (object === undefined) return failed('is not a JSON object');
  const versions = new Map<string, string>();
  for (const [key, version] of Object.entries(object)) {
    if (!KEY.test(key) || typeof version !== 'string' || !isVersionId(version))
      return failed('has a member that is not the version ID of a secret');
    versions.set(key, version);
  }
  return ok(versions);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
