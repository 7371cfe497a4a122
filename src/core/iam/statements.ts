/**
 * Statements of IAM policies, each allowing one step of reading a secret and nothing else.
 *
 * Sources: "Permissions policy examples" and "Access AWS Secrets Manager secrets from a different account" in the guide of
 * AWS Secrets Manager, "Assign IAM roles to Kubernetes service accounts" and "EKS Pod Identity role" in the guide of
 * Amazon EKS, "Pass session tags in AWS STS" in the guide of IAM.
 */
import type { SecretArn } from '../names/arn.ts';
import { partitionOf } from '../names/regions.ts';

/** A statement, with the members in the order of AWS's documentation. */
export interface Statement {
  readonly Effect: 'Allow';
  readonly Principal?: Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The token of a service account, as trust policies refer to it. */
export interface WebIdentityFacts {
  /** URL of the OIDC issuer. */
  readonly issuer: string;
  /** `system:serviceaccount:<namespace>:<service account>`. */
  readonly subject: string;
  readonly audience: string;
}

/** The resource that matches a secret. A partial ARN matches with any suffix, and not the names that begin like it. */
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
    Resource: '*',
  };
}

/** Permission policy of a role: decrypting a secret with a customer managed key, through Secrets Manager alone. */
export function decryptStatement(arn: SecretArn): Statement {
  return {
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: `arn:${arn.partition}:kms:${arn.region}:${arn.account}:key/*`,
    Condition: decryptCondition(arn),
  };
}

/** Policy of a customer managed key: the same for a role of another account. @param principal ARN of the role */
export function shareKeyStatement(arn: SecretArn, principal: string): Statement {
  return {
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'kms:Decrypt',
    Resource: '*',
    Condition: decryptCondition(arn),
  };
}

function decryptCondition(arn: SecretArn): NonNullable<Statement['Condition']> {
  const via = { 'kms:ViaService': `secretsmanager.${arn.region}.${partitionOf(arn.region).dnsSuffix}` };
  const context = { 'kms:EncryptionContext:SecretARN': secretResource(arn) };
  return arn.suffix === undefined
    ? { StringEquals: via, StringLike: context }
    : { StringEquals: { ...via, ...context } };
}

/** Trust policy of a role: sign-in with the token of a service account (IRSA, `role-arn`). */
export function webIdentityTrust(
  role: { readonly partition: string; readonly account: string },
  { issuer, subject, audience }: WebIdentityFacts,
): Statement {
  const provider = issuer.replace(/^https:\/\//, '');
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:${role.partition}:iam::${role.account}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${provider}:sub`]: subject, [`${provider}:aud`]: audience } },
  };
}

/** Trust policy of a role: EKS Pod Identity. */
export function podIdentityTrust(): Statement {
  return {
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
  };
}

/** Permission policy of a role: assuming another role, with session tags. @param role ARN of the role to assume */
export function assumeStatement(role: string): Statement {
  return { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: role };
}

/** Trust policy of a role: the same for the assuming role. @param principal ARN of the assuming role */
export function assumedRoleTrust(principal: string, externalId: string | undefined): Statement {
  return {
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
  };
}
