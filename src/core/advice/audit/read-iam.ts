/** Reads roles and policies from the answer of `aws iam get-account-authorization-details` (IAM API Reference). */
import { type Policy, readPolicy } from '../../iam/read-policy.ts';
import { asArray, field, textField } from '../../json.ts';
import { parseRoleArn } from '../../names/role-arn.ts';
import type { Result } from '../../problems/result.ts';
import type { AuditRole, NamedPolicy } from './inputs.ts';

/** An account has at most 5,000 roles. */
const MOST_ROLES = 50_000;

export function isAuthorizationDetails(json: unknown): boolean {
  return asArray(field(json, 'RoleDetailList')) !== undefined;
}

/** The roles of an account, with the documents of their policies. */
export function readAuthorizationDetails(json: unknown): readonly AuditRole[] {
  const managed = new Map(
    (asArray(field(json, 'Policies')) ?? []).flatMap((one) => {
      const arn = textField(one, 'Arn');
      return arn === undefined ? [] : [[arn, lazily(() => readPolicy(defaultDocument(one)))] as const];
    }),
  );
  return (asArray(field(json, 'RoleDetailList')) ?? [])
    .slice(0, MOST_ROLES)
    .flatMap((one) => readRole(one, managed) ?? []);
}

type ManagedPolicies = ReadonlyMap<string, () => Result<Policy, string>>;

/** AWS alone has more than a thousand policies, of which few are attached to roles of pods. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function defaultDocument(policy: unknown): unknown {
  const versions = asArray(field(policy, 'PolicyVersionList')) ?? [];
  return field(
    versions.find((one) => field(one, 'IsDefaultVersion') === true),
    'Document',
  );
}

function readRole(json: unknown, managed: ManagedPolicies): AuditRole | undefined {
  const arn = textField(json, 'Arn');
  const parsed = arn === undefined ? undefined : parseRoleArn(arn);
  if (parsed === undefined) return undefined;
  const policies: NamedPolicy[] = [];
  const unread: string[] = [];
  const take = (name: string, read: Result<Policy, string> | undefined) => {
    if (read?.ok === true) policies.push({ name, policy: read.value });
    else unread.push(name);
  };
  for (const one of asArray(field(json, 'RolePolicyList')) ?? [])
    take(`${parsed.name}/${textField(one, 'PolicyName') ?? ''}`, readPolicy(field(one, 'PolicyDocument')));
  for (const one of asArray(field(json, 'AttachedManagedPolicies')) ?? []) {
    const name = textField(one, 'PolicyArn') ?? '';
    take(name, managed.get(name)?.());
  }
  const boundary = textField(field(json, 'PermissionsBoundary'), 'PermissionsBoundaryArn');
  const limit = boundary === undefined ? undefined : managed.get(boundary)?.();
  if (boundary !== undefined && limit?.ok !== true) unread.push(boundary);
  const trust = readPolicy(field(json, 'AssumeRolePolicyDocument'));
  return {
    arn: parsed.text,
    account: parsed.account,
    policies,
    boundary:
      boundary !== undefined && limit?.ok === true ? { name: boundary, policy: limit.value } : undefined,
    unread,
    trust: trust.ok ? trust.value : undefined,
    tags: readTags(field(json, 'Tags')),
  };
}

/** Tags as AWS lists them. */
export function readTags(json: unknown): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const one of asArray(json) ?? []) {
    const [key, value] = [textField(one, 'Key'), textField(one, 'Value')];
    if (key !== undefined && value !== undefined) tags.set(key, value);
  }
  return tags;
}
