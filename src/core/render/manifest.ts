/** The manifest file of a view: which secrets, versions and keys were delivered, without values. */
import type { Plan } from '../plan/plan.ts';
import type { ViewManifest } from './render.ts';

/** Increased when a program that reads the file would have to change. */
const MANIFEST_VERSION = 1;

/** Where a secret was read. */
export interface SecretSource {
  readonly region: string;
  readonly versionId: string | undefined;
  readonly stages: readonly string[];
}

/**
 * The text of a manifest file: one line of JSON.
 * @param sources in the order of the plan's secrets; undefined for missing optional secrets, which are not listed
 * @param time when the files of the view were written, in ISO 8601
 */
export function manifestText(
  { secrets, keys }: ViewManifest,
  plan: Plan,
  sources: readonly (SecretSource | undefined)[],
  time: string,
): string {
  const listed = secrets.flatMap((index) => {
    const secret = plan.secrets[index];
    const source = sources[index];
    if (secret === undefined || source === undefined) return [];
    const { region, versionId, stages } = source;
    return [{ arn: secret.arn, region, versionId, stages, keys: [...(keys.get(index) ?? [])] }];
  });
  return `${JSON.stringify({ version: MANIFEST_VERSION, time, secrets: listed })}\n`;
}
