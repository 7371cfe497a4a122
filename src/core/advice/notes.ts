/** What policies leave out, assume or exceed. */
import type { Advice, AdviceSettings, IdentityPolicies } from './advice.ts';
import { keysFor } from './permission-policy.ts';
import {
  MOST_ATTACHED,
  MOST_INLINE,
  MOST_MANAGED,
  MOST_RESOURCE,
  MOST_TRUST,
  policySize,
} from './policy-size.ts';

/** @returns a line each */
export function notesOn(
  { identities, secrets }: Omit<Advice, 'notes'>,
  settings: AdviceSettings,
): readonly string[] {
  return [
    ...identities.flatMap((one) => [
      ...sizeNotes(one),
      ...unknownRoleNotes(one),
      ...crossAccountNotes(one, settings),
      ...partialTrustNotes(one, settings),
    ]),
    ...secrets
      .filter(({ policy }) => policySize(policy) > MOST_RESOURCE)
      .map(({ arn }) => `${arn.text}: the resource policy exceeds ${number(MOST_RESOURCE)} characters`),
    ...keyNotes(identities, settings),
  ];
}

/** Manifests do not name the keys of secrets. */
function keyNotes(identities: readonly IdentityPolicies[], { keys }: AdviceSettings): readonly string[] {
  const regions = new Set(
    identities.flatMap(({ identity }) =>
      identity.secrets.filter(({ arn }) => keysFor(arn, keys).length === 0).map(({ arn }) => arn.region),
    ),
  );
  return [...regions].map(
    (region) =>
      `secrets in ${region} that are encrypted with a customer managed KMS key need kms:Decrypt as well: set --kms-key to the ARN of the key`,
  );
}

function sizeNotes({ identity: { key }, permissions, trust }: IdentityPolicies): readonly string[] {
  const notes: string[] = [];
  const count = permissions.length;
  if (count > 1) {
    const sum = permissions.reduce((total, policy) => total + policySize(policy), 0);
    const inline =
      sum > MOST_INLINE
        ? `more than the ${number(MOST_INLINE)} of a role's inline policies`
        : `inline policies of a role may have ${number(MOST_INLINE)}`;
    notes.push(
      `${key}: split into ${count} policies, because a managed policy may have ${number(MOST_MANAGED)} characters without white space (together ${number(sum)}; ${inline})`,
    );
  }
  if (count > MOST_ATTACHED) {
    notes.push(
      `${key}: a role can have ${MOST_ATTACHED} managed policies by default: request a higher quota, or use several roles`,
    );
  }
  for (const policy of permissions.filter((one) => policySize(one) > MOST_MANAGED))
    notes.push(
      `${key}: a policy for one secret exceeds the quota with ${number(policySize(policy))} characters: set fewer --kms-key flags`,
    );
  if (trust !== undefined && policySize(trust) > MOST_TRUST) {
    notes.push(
      `${key}: the trust policy has ${number(policySize(trust))} characters; a role may have ${number(MOST_TRUST)} by default`,
    );
  }
  return notes;
}

/** Policies that name a role as principal cannot be made without its ARN. */
function unknownRoleNotes({ identity, account }: IdentityPolicies): readonly string[] {
  if (identity.role !== undefined)
    return identity.assumedBy.flatMap((by) =>
      by.role === undefined ? [leftOut(by.identity, `the trust policy of ${identity.key}`)] : [],
    );
  const foreign = new Set(
    identity.secrets.filter(({ arn }) => arn.account !== account).map(({ arn }) => arn.text),
  );
  return [...foreign].map((arn) => leftOut(identity.key, `the resource policy of ${arn}`));
}

function leftOut(key: string, document: string): string {
  return `${document} must name the role of service account ${key}, which is unknown: set --role ${key}=<ARN of the role>`;
}

function crossAccountNotes(
  { identity, account }: IdentityPolicies,
  { keys }: AdviceSettings,
): readonly string[] {
  const foreign = identity.secrets.filter(({ arn }) => arn.account !== account);
  const partial = new Set(foreign.filter(({ arn }) => arn.suffix === undefined).map(({ arn }) => arn.text));
  const accounts = new Set(
    foreign.filter(({ arn }) => keysFor(arn, keys).length === 0).map(({ arn }) => arn.account),
  );
  return [
    ...[...partial].map(
      (arn) =>
        `${identity.key}: ${arn} is a secret of another account and has no suffix: use the complete ARN; across accounts, Secrets Manager does not accept a partial ARN`,
    ),
    ...[...accounts].map(
      (owner) =>
        `${identity.key}: secrets of account ${owner} can be read from account ${account} only if they are encrypted with a customer managed key: set --kms-key`,
    ),
  ];
}

/** Without `--trust`, the trust policy of a role that pods sign in to as well is not complete. */
function partialTrustNotes(
  { identity: { key, signIns }, trust }: IdentityPolicies,
  settings: AdviceSettings,
): readonly string[] {
  if (trust === undefined || settings.trust !== undefined || signIns.length === 0) return [];
  return [
    `${key}: the trust policy names only the roles that assume it: add its statements to the existing policy, or set --trust`,
  ];
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
