/** The halves of access that are not attached to a role: resource policies of secrets, and key policies of KMS keys. */

import { oneOrMore, type PolicyDocument, policyDocument, type Statement } from '../iam/policy-document.ts';
import { shareKeyStatement } from '../iam/statements.ts';
import type { SecretArn } from '../names/arn.ts';
import type { RoleArn } from '../names/role-arn.ts';
import type { SecretRead } from './access.ts';
import type { Identity } from './identities.ts';
import type { KeyArn } from './key-arn.ts';
import { DESCRIBE, keysFor, type PermissionSettings, versionConditions } from './permission-policy.ts';

/** An identity and the account of its role. */
export interface Located {
  readonly identity: Identity;
  readonly account: string;
}

export interface SecretPolicy {
  readonly arn: SecretArn;
  readonly policy: PolicyDocument;
}

/** Statements to add to the policy of a key: a key policy is replaced as a whole, and without the others locks the key. */
export interface KeyStatements {
  readonly key: KeyArn;
  readonly statements: readonly Statement[];
}

interface ForeignRead {
  readonly role: RoleArn;
  readonly read: SecretRead;
}

/**
 * The resource policy of each secret that a role of another account reads (Secrets Manager User Guide,
 * auth-and-access_examples_cross).
 */
export function secretPolicies(
  all: readonly Located[],
  { pinStage }: PermissionSettings,
): readonly SecretPolicy[] {
  const foreign = all.flatMap(({ identity: { role, secrets }, account }) =>
    role === undefined
      ? []
      : secrets
          .filter((read) => read.arn.account !== account && read.isReplica === undefined)
          .map((read): ForeignRead => ({ role, read })),
  );
  const bySecret = inOrder(Map.groupBy(foreign, ({ read }) => read.arn.text));
  return bySecret.flatMap((reads) => {
    const arn = reads[0]?.read.arn;
    if (arn === undefined) return [];
    const statements = [...secretStatements(reads, pinStage), ...describeStatements(reads)];
    return [{ arn, policy: policyDocument(statements) }];
  });
}

/** A statement for each set of versions, with all roles that read them. */
function secretStatements(reads: readonly ForeignRead[], pinStage: boolean): readonly Statement[] {
  const byRole = inOrder(Map.groupBy(reads, ({ role }) => role.text));
  const parts = byRole.flatMap((group) =>
    (pinStage ? versionConditions(group.map(({ read }) => read)) : [undefined]).map((condition) => ({
      role: group[0]?.role.text ?? '',
      condition,
    })),
  );
  return [...Map.groupBy(parts, ({ condition }) => JSON.stringify(condition)).values()].map((group) => ({
    Effect: 'Allow',
    Principal: { AWS: oneOrMore(group.map(({ role }) => role)) },
    Action: 'secretsmanager:GetSecretValue',
    // In the resource policy of a secret, the star is that secret.
    Resource: '*',
    ...(group[0]?.condition === undefined ? {} : { Condition: group[0].condition }),
  }));
}

function describeStatements(reads: readonly ForeignRead[]): readonly Statement[] {
  const roles = reads.filter(({ read }) => read.isDescribed === true).map(({ role }) => role.text);
  if (roles.length === 0) return [];
  return [{ Effect: 'Allow', Principal: { AWS: oneOrMore(roles) }, Action: DESCRIBE, Resource: '*' }];
}

/** The statements for each key that a role of another account decrypts secrets with. */
export function keyPolicyStatements(
  all: readonly Located[],
  { keys }: PermissionSettings,
): readonly KeyStatements[] {
  return keys.flatMap((key) => {
    const statements = all.flatMap(({ identity: { role, secrets }, account }): readonly Statement[] => {
      const arns = secrets.map(({ arn }) => arn).filter((arn) => keysFor(arn, keys).includes(key));
      if (role === undefined || account === key.account || arns.length === 0) return [];
      return [shareKeyStatement(arns, role.text)];
    });
    return statements.length === 0 ? [] : [{ key, statements }];
  });
}

function inOrder<T>(groups: ReadonlyMap<string, readonly T[]>): readonly (readonly T[])[] {
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
