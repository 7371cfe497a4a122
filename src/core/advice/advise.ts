/** The policies for pods: one permission policy for each identity, and everything that other accounts have to allow. */

import { type PolicyDocument, policyDocument, type Statement } from '../iam/policy-document.ts';
import { assumeStatement, type Home } from '../iam/statements.ts';
import type { RoleArn } from '../names/role-arn.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import type { PodAccess } from './access.ts';
import type { Advice, AdviceSettings, IdentityPolicies } from './advice.ts';
import { keyPolicyStatements, secretPolicies } from './cross-account.ts';
import { type Identity, identitiesOf } from './identities.ts';
import { notesOn } from './notes.ts';
import { type PermissionSettings, readStatements } from './permission-policy.ts';
import { splitPolicy } from './policy-size.ts';
import { assumedByStatements, signInStatements, type TrustSettings } from './trust-policy.ts';

/** Makes the policies. @returns them, or the problems with the settings, a line each */
export function advise(
  pods: readonly PodAccess[],
  settings: AdviceSettings,
): Result<Advice, readonly string[]> {
  const found = identitiesOf(pods).map((identity) => policiesOf(identity, settings));
  const problems = [...found.flatMap((one) => (one.ok ? [] : [one.problem])), ...unusedKeys(pods, settings)];
  if (problems.length > 0) return failed(problems);
  const identities = found.flatMap((one) => (one.ok ? [one.value] : []));
  const advice = {
    identities,
    secrets: secretPolicies(identities, settings),
    keys: keyPolicyStatements(identities, settings),
  };
  return ok({ ...advice, notes: notesOn(advice, settings) });
}

function policiesOf(identity: Identity, settings: AdviceSettings): Result<IdentityPolicies, string> {
  const account = accountOf(identity, settings);
  if (account === undefined) {
    return failed(
      `${identity.key}: the account of its role is not known, because its secrets are in several accounts or in none: set --role ${identity.key}=<ARN of the role> or --account`,
    );
  }
  const partition = partitionOf(identity);
  const trust = trustStatements(identity, { partition, account }, settings.trust);
  if (!trust.ok) return trust;
  return ok({
    identity,
    account,
    partition,
    permissions: permissionPolicies(identity, settings),
    trust: trust.value.length === 0 ? undefined : policyDocument(trust.value),
  });
}

function accountOf({ role, secrets }: Identity, settings: AdviceSettings): string | undefined {
  const accounts = new Set(secrets.map(({ arn }) => arn.account));
  const [only] = accounts.size === 1 ? accounts : [];
  return role?.account ?? settings.account ?? only;
}

function partitionOf({ role, secrets, assumes }: Identity): string {
  return role?.partition ?? secrets[0]?.arn.partition ?? assumes[0]?.partition ?? 'aws';
}

function trustStatements(
  identity: Identity,
  home: Home,
  trust: TrustSettings | undefined,
): Result<readonly Statement[], string> {
  const signIns = trust === undefined ? ok([]) : signInStatements(identity, home, trust);
  return signIns.ok ? ok([...signIns.value, ...assumedByStatements(identity.assumedBy)]) : signIns;
}

type Part = { readonly role: RoleArn } | { readonly secret: Identity['secrets'][number] };

function permissionPolicies(
  { assumes, secrets }: Identity,
  settings: PermissionSettings,
): readonly PolicyDocument[] {
  const parts: readonly Part[] = [
    ...assumes.map((role) => ({ role })),
    ...secrets.map((secret) => ({ secret })),
  ];
  return splitPolicy(parts, (some) => {
    const roles = some.flatMap((part) => ('role' in part ? [part.role.text] : []));
    const reads = some.flatMap((part) => ('secret' in part ? [part.secret] : []));
    return policyDocument([
      ...(roles.length === 0 ? [] : [assumeStatement(roles)]),
      ...readStatements(reads, settings),
    ]);
  });
}

function unusedKeys(pods: readonly PodAccess[], { keys }: PermissionSettings): readonly string[] {
  const regions = new Set(pods.flatMap(({ secrets }) => secrets.map(({ arn }) => arn.region)));
  return keys
    .filter((key) => !regions.has(key.region))
    .map((key) => `--kms-key: ${key.text}: no pod reads a secret in Region ${key.region}`);
}
