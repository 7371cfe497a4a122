/** What is known about the requests of a role's sessions. */
import { type KnownValue, RequestContext } from '../../iam/request-context.ts';
import type { SecretArn } from '../../names/arn.ts';
import type { SecretRead } from '../access.ts';
import type { AuditRole, AuditSecret } from './inputs.ts';
import type { Need, RoleUse } from './uses.ts';

/** How pods get sessions of a role, which decides about the tags of the sessions. */
export type SessionKind = 'web-identity' | 'tagged' | 'unknown';

/** The session tags of EKS Pod Identity (EKS User Guide, pod-id-abac), which the fetcher also sets for assumed roles. */
const SESSION_TAGS = [
  ...['eks-cluster-arn', 'eks-cluster-name', 'kubernetes-namespace'],
  ...['kubernetes-service-account', 'kubernetes-pod-name', 'kubernetes-pod-uid'],
];
const TAG = 'aws:PrincipalTag/';

/** @param use how workloads use it, if they do */
export function sessionKind({ trust }: AuditRole, use: RoleUse | undefined): SessionKind {
  const signIns = [...(use?.signIns.values() ?? [])];
  if (use !== undefined && signIns.length === 0 && use.assumedFrom.size > 0) return 'tagged';
  if ((use?.assumedFrom.size ?? 0) > 0 || trust === undefined) return 'unknown';
  if (signIns.length > 0 && signIns.every(({ hasOwnRole }) => hasOwnRole)) return 'web-identity';
  const allowing = trust.statements.filter(({ effect }) => effect === 'Allow');
  const kinds = new Set(
    allowing.flatMap(({ principals }) => principals?.values.map(({ kind }) => kind) ?? []),
  );
  if (kinds.size !== 1) return 'unknown';
  return kinds.has('Federated') ? 'web-identity' : kinds.has('Service') ? 'tagged' : 'unknown';
}

/** The keys that all requests of a role have. */
export function roleContext(role: AuditRole, kind: SessionKind): RequestContext {
  const values: Record<string, KnownValue | 'unknown' | string> = {
    'aws:PrincipalArn': role.arn,
    'aws:PrincipalAccount': role.account,
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:SecureTransport': 'true',
    'aws:CalledVia': 'absent',
    'aws:CalledViaFirst': 'absent',
    'aws:CalledViaLast': 'absent',
    'aws:SourceArn': 'absent',
    'aws:SourceAccount': 'absent',
    'aws:username': 'absent',
  };
  for (const [key, value] of role.tags ?? []) values[`${TAG}${key}`] = [value];
  // A tag of the session takes precedence over that of the role.
  if (kind !== 'web-identity') for (const key of SESSION_TAGS) values[`${TAG}${key}`] = 'unknown';
  return new RequestContext(values, role.tags === undefined ? [] : [TAG]);
}

/** The session tags that the pods of a need have in common. */
export function needContext(
  { namespaces, accounts, read }: Need,
  kind: SessionKind,
  parent: RequestContext,
): RequestContext {
  const version = versionKeys(read);
  if (kind !== 'tagged') return new RequestContext(version, [], parent);
  const [namespace, ...otherNamespaces] = namespaces;
  const [account, ...otherAccounts] = accounts;
  return new RequestContext(
    {
      ...version,
      ...(namespace === undefined || otherNamespaces.length > 0
        ? {}
        : { [`${TAG}kubernetes-namespace`]: [namespace] }),
      ...(account === undefined || otherAccounts.length > 0
        ? {}
        : { [`${TAG}kubernetes-service-account`]: [account] }),
    },
    [],
    parent,
  );
}

/** A request has these keys only if the caller sets the parameter (aws/aws-cli issue 5031). */
function versionKeys({ stage, versionId }: SecretRead): Readonly<Record<string, KnownValue>> {
  return {
    'secretsmanager:VersionStage': stage === undefined ? 'absent' : [stage],
    'secretsmanager:VersionId': versionId === undefined ? 'absent' : [versionId],
  };
}

/**
 * The keys that depend on the secret.
 * @param asked the ARN in the request; what a condition sees of a partial one is not documented
 */
export function secretContext(
  arn: SecretArn,
  listed: AuditSecret | undefined,
  parent: RequestContext,
  asked = arn,
): RequestContext {
  const values: Record<string, KnownValue> = {
    'aws:RequestedRegion': [arn.region],
    'aws:ResourceAccount': [arn.account],
    ...(asked.suffix === undefined ? {} : { 'secretsmanager:SecretId': [asked.text] }),
  };
  for (const [key, value] of listed?.tags ?? []) {
    values[`aws:ResourceTag/${key}`] = [value];
    values[`secretsmanager:ResourceTag/${key}`] = [value];
  }
  const complete = listed === undefined ? [] : ['aws:ResourceTag/', 'secretsmanager:ResourceTag/'];
  return new RequestContext(values, complete, parent);
}

const PER_SECRET =
  /^(?:aws:resourcetag\/|secretsmanager:resourcetag\/|aws:requestedregion$|aws:resourceaccount$|secretsmanager:secretid$)/i;

/** Whether the value of a condition key differs between secrets. */
export function dependsOnSecret(key: string): boolean {
  return PER_SECRET.test(key);
}
