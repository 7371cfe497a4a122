/**
 * The audit: compares what workloads request with what IAM allows and with the secrets that exist. Its work is linear in the
 * size of the inputs: secrets are found by index, and patterns are compared only with ARNs that start like them.
 */
import { Budget } from './budget.ts';
import { checkAccess, TOO_MUCH_WORK } from './check-access.ts';
import { checkResourcePolicies, checkSecrets } from './check-secrets.ts';
import { checkSharing } from './check-sharing.ts';
import { checkStatements, namedSecrets } from './check-statements.ts';
import { checkTrust } from './check-trust.ts';
import { checkVersions } from './check-versions.ts';
import { type AuditFinding, AuditFindings } from './findings.ts';
import { checkGrants, type GrantParts, grantsOf, type RoleGrants } from './grants.ts';
import { type AuditGraph, graphOf } from './graph.ts';
import type { AuditInputs, AuditRole } from './inputs.ts';
import { ResourcePolicies } from './resource-policies.ts';
import { SecretGroups } from './secret-groups.ts';
import { SecretIndex } from './secret-index.ts';
import { trustsPods } from './trust-statement.ts';
import { type Uses, usesOf } from './uses.ts';

export interface AuditReport {
  /** ISO 8601. */
  readonly at: string;
  readonly counts: AuditCounts;
  /** What the audit did not check, and why, a line each. */
  readonly limits: readonly string[];
  readonly findings: readonly AuditFinding[];
  readonly graph: AuditGraph;
}

export interface AuditCounts {
  readonly workloads: number;
  readonly roles: number;
  readonly secrets: number;
  readonly pods: number;
  /** Findings that are not listed, because there are too many. */
  readonly dropped: number;
}

/** Some seconds of work. */
const MOST_STEPS = 400_000_000;

/** @param steps bounds the work; what it does not suffice for is undecided */
export function audit(inputs: AuditInputs, steps = MOST_STEPS): AuditReport {
  const { workloads, iam, pods } = inputs;
  const findings = new AuditFindings();
  const uses = usesOf(workloads);
  const roles = new Map((iam?.roles ?? []).map((role) => [role.arn, role]));
  const audited = [...roles.values()].filter(({ arn }) => uses.roles.has(arn));
  const others = [...roles.values()].filter(
    (role) => !uses.roles.has(role.arn) && trustsPods(role, inputs.issuer),
  );
  const requested = workloads.flatMap(({ access }) => access.secrets.map(({ arn }) => arn));
  const index = new SecretIndex(inputs.secrets ?? [], requested, namedSecrets([...audited, ...others]));
  const policies = new ResourcePolicies(inputs.resourcePolicies, index);
  const budget = new Budget(steps);
  const decisions = checkAccess(uses, { inputs, index, policies, roles, findings, budget });
  const grants = checkAllGrants([...audited, ...others], uses, {
    index,
    findings,
    budget,
    groups: new SecretGroups(index),
  });
  checkStatements([...audited, ...others], uses.roles, findings);
  checkSharing(uses.roles.values(), findings);
  for (const role of audited)
    checkTrust(role, uses.roles.get(role.arn), { settings: inputs, findings, budget });
  checkSecrets(inputs, index, requestsIn(inputs, index), findings);
  checkResourcePolicies(policies.given, index, readersIn(uses, index), findings);
  checkVersions(pods, index, findings);
  return {
    at: new Date(inputs.now).toISOString(),
    counts: {
      workloads: new Set(workloads.map(({ name }) => name)).size,
      roles: audited.length + others.length,
      secrets: index.all.length,
      pods: pods.length,
      dropped: findings.dropped,
    },
    limits: limitsOf(inputs),
    findings: findings.inOrder(),
    graph: graphOf({ workloads, index, grants, decisions }),
  };
}

function checkAllGrants(
  roles: readonly AuditRole[],
  uses: Uses,
  parts: GrantParts,
): ReadonlyMap<string, RoleGrants> {
  const all = new Map<string, RoleGrants>();
  for (const role of roles) {
    const use = uses.roles.get(role.arn);
    const found = grantsOf(role, use, parts);
    if (found === undefined) parts.findings.add('access-undecided', role.arn, TOO_MUCH_WORK);
    else {
      all.set(role.arn, found);
      checkGrants(role, use, found, parts);
    }
  }
  return all;
}

function requestsIn(
  { workloads }: AuditInputs,
  index: SecretIndex,
): ReadonlyMap<number, ReadonlySet<string>> {
  return gather(
    workloads.flatMap(({ name, access }) =>
      access.secrets.map(({ arn }) => [index.find(arn), name] as const),
    ),
  );
}

/** The ARNs of the roles that read each secret. */
function readersIn(uses: Uses, index: SecretIndex): ReadonlyMap<number, ReadonlySet<string>> {
  return gather(
    [...uses.roles].flatMap(([arn, { needs }]) =>
      [...needs.values()].map(({ read }) => [index.find(read.arn), arn] as const),
    ),
  );
}

function gather(
  pairs: readonly (readonly [number | undefined, string])[],
): ReadonlyMap<number, ReadonlySet<string>> {
  const sets = new Map<number, Set<string>>();
  for (const [number, text] of pairs) {
    if (number === undefined) continue;
    const set = sets.get(number) ?? new Set();
    sets.set(number, set.add(text));
  }
  return sets;
}

function limitsOf({ iam, secrets, resourcePolicies, issuer, pods }: AuditInputs): readonly string[] {
  const without = (is: boolean, text: string) => (is ? [text] : []);
  return [
    'Service control policies, resource control policies and key policies: they can deny what this report regards as allowed.',
    ...without(iam === undefined, 'Roles: no IAM policies were given.'),
    ...without(
      secrets === undefined,
      'Secrets that no workload requests, rotation and deletion: no listing of secrets was given.',
    ),
    ...without(resourcePolicies === undefined, 'A Deny in resource policies of secrets: none were given.'),
    ...without(issuer === undefined, 'Trust in other clusters: no issuer was given.'),
    ...without(pods.length === 0, 'Versions of running pods: no pods were given.'),
  ];
}
