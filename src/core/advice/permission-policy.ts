/** What an identity may do: read its secrets and decrypt them. Nothing else. */
import { type Condition, oneOrMore, type Statement } from '../iam/policy-document.ts';
import { decryptCondition, secretResource } from '../iam/statements.ts';
import type { SecretArn } from '../names/arn.ts';
import type { SecretRead } from './access.ts';
import type { KeyArn } from './key-arn.ts';

export interface PermissionSettings {
  /** Customer managed keys that secrets may be encrypted with. */
  readonly keys: readonly KeyArn[];
  /** Whether the policy allows only the requested versions of a secret. */
  readonly pinStage: boolean;
}

/** Statements that allow these calls of GetSecretValue and DescribeSecret, and kms:Decrypt for secrets with a customer managed key. */
export function readStatements(
  secrets: readonly SecretRead[],
  { keys, pinStage }: PermissionSettings,
): readonly Statement[] {
  return [
    ...secretStatements(secrets, pinStage),
    ...describeStatements(secrets),
    ...keyStatements(secrets, keys),
  ];
}

/** DescribeSecret concerns all versions of a secret, so its requests have no condition keys for one. */
function describeStatements(secrets: readonly SecretRead[]): readonly Statement[] {
  const described = secrets.filter(({ isDescribed }) => isDescribed === true);
  if (described.length === 0) return [];
  const resources = described.map(({ arn }) => secretResource(arn));
  return [{ Effect: 'Allow', Action: DESCRIBE, Resource: oneOrMore(resources) }];
}

export const DESCRIBE = 'secretsmanager:DescribeSecret';

function secretStatements(secrets: readonly SecretRead[], pinStage: boolean): readonly Statement[] {
  const byResource = Map.groupBy(secrets, ({ arn }) => secretResource(arn));
  const parts = [...byResource].flatMap(([resource, reads]) =>
    (pinStage ? versionConditions(reads) : [undefined]).map((condition) => ({ resource, condition })),
  );
  const byCondition = Map.groupBy(parts, ({ condition }) => JSON.stringify(condition));
  return [...byCondition.values()].map((group) => ({
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: oneOrMore(group.map(({ resource }) => resource)),
    ...(group[0]?.condition === undefined ? {} : { Condition: group[0].condition }),
  }));
}

/**
 * Conditions that allow the requested versions of one secret; the statements of a policy are alternatives. The keys
 * VersionStage and VersionId are in a request only if the caller set the parameter: a request for the current version
 * without a stage has neither, so a plain StringEquals with AWSCURRENT denies it (aws/aws-cli issue 5031).
 */
export function versionConditions(reads: readonly SecretRead[]): readonly Condition[] {
  const stages = new Set(reads.flatMap(({ stage }) => stage ?? []));
  const ids = reads.flatMap(({ versionId }) => versionId ?? []);
  const isCurrent = reads.some(({ stage, versionId }) => stage === undefined && versionId === undefined);
  const stage = 'secretsmanager:VersionStage';
  const id = 'secretsmanager:VersionId';
  const conditions: Condition[] = [];
  if (isCurrent) {
    const values = oneOrMore([...stages, 'AWSCURRENT']);
    conditions.push({ StringEqualsIfExists: { [stage]: values }, Null: { [id]: 'true' } });
  } else if (stages.size > 0) conditions.push({ StringEquals: { [stage]: oneOrMore(stages) } });
  if (ids.length > 0) conditions.push({ StringEquals: { [id]: oneOrMore(ids) } });
  return conditions;
}

function keyStatements(secrets: readonly SecretRead[], keys: readonly KeyArn[]): readonly Statement[] {
  const uses = secrets
    .map(({ arn }) => ({ arn, keys: keysFor(arn, keys) }))
    .filter((use) => use.keys.length > 0);
  const byKeys = Map.groupBy(uses, (use) => JSON.stringify(use.keys.map((key) => key.text)));
  return [...byKeys.values()].map((group) => ({
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: oneOrMore(group.flatMap((use) => use.keys.map((key) => key.text))),
    Condition: decryptCondition(group.map((use) => use.arn)),
  }));
}

/** The keys of the Region of a secret: those of its account, or else those of other accounts. */
export function keysFor(arn: SecretArn, keys: readonly KeyArn[]): readonly KeyArn[] {
  const near = keys.filter((key) => key.region === arn.region);
  const own = near.filter((key) => key.account === arn.account);
  return own.length > 0 ? own : near;
}
