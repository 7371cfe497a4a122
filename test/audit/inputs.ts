/** Inputs of an audit from manifests and documents, as the command reads them. */
import { findWorkloads } from '../../src/cli/audit/workloads.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import { type AuditReport, audit } from '../../src/core/advice/audit/audit.ts';
import type { AuditInputs } from '../../src/core/advice/audit/inputs.ts';
import { readAuthorizationDetails } from '../../src/core/advice/audit/read-iam.ts';
import { readResourcePolicies, readSecretListing } from '../../src/core/advice/audit/read-secrets.ts';
import { parseRoleArn } from '../../src/core/names/role-arn.ts';

export const ACCOUNT = '111122223333';
export const ISSUER = 'oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
export const NOW = Date.parse('2026-11-26T12:00:00Z');

export function secretArn(name: string, account = ACCOUNT): string {
  return `arn:aws:secretsmanager:eu-west-1:${account}:secret:${name}`;
}

export function roleArn(name: string, account = ACCOUNT): string {
  return `arn:aws:iam::${account}:role/${name}`;
}

/** A Deployment `shop/<name>` whose pods request secrets with a role, by the annotation of its service account. */
export function deployment(
  name: string,
  secrets: readonly string[],
  { account = name, annotations = {} }: { account?: string; annotations?: object } = {},
): object {
  const files = Object.fromEntries(secrets.map((arn, at) => [`secrets-injector.dev/file.f${at}`, arn]));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      template: {
        metadata: { annotations: { ...files, ...annotations } },
        spec: { serviceAccountName: account, containers: [{ name: 'app', image: 'app' }] },
      },
    },
  };
}

export function serviceAccount(name: string, role: string): object {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'shop', annotations: { 'eks.amazonaws.com/role-arn': role } },
  };
}

export function policy(...statements: readonly object[]): object {
  return { Version: '2012-10-17', Statement: statements };
}

export function allowRead(...arns: readonly string[]): object {
  return { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arns };
}

/** Lets a service account of the namespace `shop` in. */
export function trustIn(name: string): object {
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: {
        [`${ISSUER}:aud`]: 'sts.amazonaws.com',
        [`${ISSUER}:sub`]: `system:serviceaccount:shop:${name}`,
      },
    },
  };
}

/** A role as `get-account-authorization-details` lists it. */
export function iamRole(arn: string, trust: object, inline: readonly object[], more: object = {}): object {
  return {
    Arn: arn,
    RoleName: arn.split('/').at(-1),
    AssumeRolePolicyDocument: trust,
    RolePolicyList: inline.map((PolicyDocument, at) => ({ PolicyName: `p${at}`, PolicyDocument })),
    AttachedManagedPolicies: [],
    Tags: [],
    ...more,
  };
}

/** A secret as `list-secrets` lists it, rotated on time. */
export function listed(arn: string, more: object = {}): object {
  return {
    ARN: arn,
    Name: arn.split(':')[6],
    RotationEnabled: true,
    NextRotationDate: '2026-12-24T00:00:00+00:00',
    SecretVersionsToStages: { [VERSION]: ['AWSCURRENT'] },
    ...more,
  };
}

export const VERSION = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c11';

export interface Documents {
  readonly objects: readonly object[];
  readonly roles?: readonly object[];
  readonly policies?: readonly object[];
  readonly secrets?: readonly object[];
  readonly resourcePolicies?: readonly object[];
  readonly rolesOf?: Readonly<Record<string, string>>;
}

/** @throws Error if a document cannot be read */
export function inputsOf(documents: Documents, settings: Partial<AuditInputs> = {}): AuditInputs {
  const text = documents.objects.map((one) => JSON.stringify(one)).join('\n---\n');
  const read = readManifests(text, 'default');
  if (!read.ok) throw new Error(read.problem);
  const named = Object.entries(documents.rolesOf ?? {}).flatMap(([key, arn]) => {
    const role = parseRoleArn(arn);
    return role === undefined ? [] : [[key, role] as const];
  });
  const found = findWorkloads([{ name: 'all.yaml', ...read.value }], {
    roles: new Map(named),
    injection: { image: 'registry.example/aws-secrets-injector:1', sidecars: { can: true } },
  });
  if (found.problems.length > 0) throw new Error(found.problems.join('\n'));
  const { roles, policies, secrets, resourcePolicies } = documents;
  const listing = readSecretListing({ SecretList: secrets ?? [] });
  if (!listing.ok) throw new Error(listing.problem);
  const details = readAuthorizationDetails({ RoleDetailList: roles ?? [], Policies: policies ?? [] });
  return {
    workloads: found.workloads,
    pods: found.pods,
    iam: roles === undefined ? undefined : { roles: details, accounts: new Set([ACCOUNT]) },
    secrets: secrets === undefined ? undefined : listing.value,
    resourcePolicies: resourcePolicies === undefined ? undefined : readResourcePolicies(resourcePolicies),
    issuer: ISSUER,
    cluster: undefined,
    audience: 'sts.amazonaws.com',
    roleTokenAudience: 'sts.amazonaws.com',
    now: NOW,
    ...settings,
  };
}

export function auditOf(documents: Documents, settings: Partial<AuditInputs> = {}): AuditReport {
  return audit(inputsOf(documents, settings));
}
