import type { Secret } from './secret.ts';

const DAY_SECONDS = 24 * 60 * 60;

/** The output of DescribeSecret. Versions without labels are not in it. */
export function describeSecret(secret: Secret) {
  const labelled = secret.versions.filter(({ stages }) => stages.length > 0);
  return {
    ARN: secret.arn,
    Name: secret.name,
    CreatedDate: secret.createdAt / 1000,
    LastChangedDate: secret.changedAt / 1000,
    ...(secret.deletedDate && { DeletedDate: secret.deletedDate.getTime() / 1000 }),
    ...rotationOf(secret),
    VersionIdsToStages: Object.fromEntries(labelled.map(({ id, stages }) => [id, stages])),
  };
}

/** AWS omits what has no value: all of this, if rotation has never been configured. */
function rotationOf({ rotation }: Secret) {
  if (rotation === undefined) return {};
  const days = rotation.rules?.['AutomaticallyAfterDays'];
  const rotatedAt = rotation.lastRotatedAt;
  const isScheduled = rotation.enabled && rotatedAt !== undefined && typeof days === 'number';
  return {
    RotationEnabled: rotation.enabled,
    RotationLambdaARN: rotation.lambdaArn,
    ...(rotation.rules && { RotationRules: rotation.rules }),
    ...(rotation.enabled && rotatedAt !== undefined && { LastRotatedDate: rotatedAt / 1000 }),
    ...(isScheduled && { NextRotationDate: rotatedAt / 1000 + days * DAY_SECONDS }),
  };
}
