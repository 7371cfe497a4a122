/** The secrets of a plan, with names for people. */
import { parseArn } from '../names/arn.ts';
import type { PlanSecret } from '../plan/plan.ts';
import type { DeliveredVersion, VersionsRecord } from '../plan/versions.ts';

export interface SecretDescription extends PlanSecret {
  readonly region: string;
  /** No two secrets of a pod have the same. */
  readonly label: string;
  /** The version that a running pod started with, if its fetcher recorded it. */
  readonly startedWith?: DeliveredVersion;
}

/** Describes the secrets in the order of the plan. @param record of a running pod */
export function describeSecrets(
  secrets: readonly PlanSecret[],
  record?: VersionsRecord,
): readonly SecretDescription[] {
  const labels = secrets.map(labelOf);
  return secrets.map((secret, index) => {
    const label = labels[index] ?? '';
    const isUnique = labels.indexOf(label) === labels.lastIndexOf(label);
    const arn = parseArn(secret.arn, '');
    const startedWith = record?.versions.get(index);
    return {
      ...secret,
      region: arn.ok ? arn.value.region : '',
      label: isUnique ? label : `${secret.arn}${versionText(secret)}`,
      ...(startedWith === undefined ? {} : { startedWith }),
    };
  });
}

/** The name with the random suffix, which is the last part of the ARN. */
function labelOf(secret: PlanSecret): string {
  return `${secret.arn.split(':').at(-1) ?? ''}${versionText(secret)}`;
}

function versionText({ stage, versionId }: PlanSecret): string {
  if (versionId !== undefined) return ` version ${versionId}`;
  return stage === undefined ? '' : ` (${stage})`;
}
