/**
 * Statements of IAM policies, each allowing one step of reading a secret and nothing else.
 *
 * Sources: "Permissions policy examples" and "Access AWS Secrets Manager secrets from a different account" in the guide of
 * AWS Secrets Manager, "Assign IAM roles to Kubernetes service accounts" and "EKS Pod Identity role" in the guide of
 * Amazon EKS, "Pass session tags in AWS STS" in the guide of IAM.
 */
import type { SecretArn } from '../names/arn.ts';
import { partitionOf } from '../names/regions.ts';
import { type Condition, type OneOrMore, oneOrMore, type Statement } from './policy-document.ts';

/**
 * The secret as a resource of policies. The six characters at the end of a complete ARN have no wildcards; for a partial
 * ARN six question marks stand for them. A star would also match `db-anything-AbCdEf` (Secrets Manager User Guide,
 * auth-and-access_iam-policies).
 */
export function secretResource({ text, suffix }: SecretArn): string {
  return suffix === undefined ? `${text}-??????` : text;
}

/** Permission policy of a role: reading a secret. */
export function readStatement(arn: SecretArn): Statement {
  return { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secretResource(arn) };
}

/** Resource policy of a secret: reading it with a role of another account. @param principal ARN of the role */
export function shareStatement(principal: string): Statement {
  return {
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'secretsmanager:GetSecretValue',
    // In the resource policy of a secret, the star is that secret.
    Resource: '*',
  };
}

/** Permission policy of a role: decrypting a secret with whatever key it has in its account. */
export function decryptStatement(arn: SecretArn): Statement {
  return {
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: `arn:${arn.partition}:kms:${arn.region}:${arn.account}:key/*`,
    Condition: decryptCondition([arn]),
  };
}

/** Policy of a customer managed key: the same for a role of another account. @param principal ARN of the role */
export function shareKeyStatement(arns: readonly SecretArn[], principal: string): Statement {
  return {
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'kms:Decrypt',
    // In the policy of a key, the star is that key.
    Resource: '*',
    Condition: decryptCondition(arns),
  };
}

/**
 * Limits a key to secrets of one Region, used through Secrets Manager, which passes the ARN of the secret as encryption
 * context (Secrets Manager User Guide, security-encryption).
 */
export function decryptCondition(arns: readonly SecretArn[]): Condition {
  const resources = oneOrMore(arns.map(secretResource));
  const isExact = arns.every((arn) => arn.suffix !== undefined);
  const context = { 'kms:EncryptionContext:SecretARN': resources };
  const via = { 'kms:ViaService': oneOrMore(arns.flatMap((arn) => viaServices(arn.region))) };
  return isExact ? { StringEquals: { ...via, ...context } } : { StringEquals: via, StringLike: context };
}

/** Where the partition has a DNS suffix of its own, both spellings: the documentation of KMS gives one for all. */
function viaServices(region: string): readonly string[] {
  return ['amazonaws.com', partitionOf(region).dnsSuffix].map(
    (suffix) => `secretsmanager.${region}.${suffix}`,
  );
}

/** Where a role is. */
export interface Home {
  readonly partition: string;
  readonly account: string;
}

/** Tokens of service accounts, as trust policies refer to them. */
export interface WebIdentities {
  /** The URL of the OIDC issuer without its scheme, which is the name of its provider. */
  readonly host: string;
  readonly audience: string;
  /** `system:serviceaccount:<namespace>:<service account>`. */
  readonly subjects: OneOrMore;
}

/** Trust policy of a role: sign-in with tokens of service accounts (IRSA, `role-arn`). */
export function webIdentityTrust(
  { partition, account }: Home,
  { host, audience, subjects }: WebIdentities,
): Statement {
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${host}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${host}:aud`]: audience, [`${host}:sub`]: subjects } },
  };
}

/** Trust policy of a role: EKS Pod Identity. @param tags values of session tags, by their condition key */
export function podIdentityTrust(tags: Readonly<Record<string, OneOrMore>> = {}): Statement {
  return {
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...(Object.keys(tags).length === 0 ? {} : { Condition: { StringEquals: tags } }),
  };
}

/** Permission policy of a role: assuming other roles, with session tags. @param roles their ARNs */
export function assumeStatement(roles: readonly string[]): Statement {
  return { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: oneOrMore(roles) };
}

/**
 * Trust policy of a role: roles that assume it, with session tags. TagSession has no external ID, so it has a statement of
 * its own (Service Authorization Reference, AWS Security Token Service).
 * @param principals ARNs of the assuming roles
 */
export function assumedRoleTrust(
  principals: readonly string[],
  externalId: string | undefined,
): readonly Statement[] {
  const base = { Effect: 'Allow', Principal: { AWS: oneOrMore(principals) } } as const;
  if (externalId === undefined) return [{ ...base, Action: ['sts:AssumeRole', 'sts:TagSession'] }];
  return [
    { ...base, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': externalId } } },
    { ...base, Action: 'sts:TagSession' },
  ];
}
