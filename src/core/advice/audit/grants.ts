/** The secrets that the policies of a role allow to read, and those among them that its workloads do not request. */
import { matchesAction, meetsConditions } from '../../iam/evaluate.ts';
import { readPattern } from '../../iam/patterns.ts';
import type { Policy, PolicyStatement } from '../../iam/read-policy.ts';
import type { RequestContext } from '../../iam/request-context.ts';
import type { Budget } from './budget.ts';
import type { AuditFindings } from './findings.ts';
import type { AuditRole } from './inputs.ts';
import { dependsOnSecret, roleContext, secretContext, sessionKind } from './role-context.ts';
import type { SecretGroups } from './secret-groups.ts';
import type { SecretIndex } from './secret-index.ts';
import type { RoleUse } from './uses.ts';

export const READ_ACTION = 'secretsmanager:GetSecretValue';

/** The secrets that a statement of a role allows to read, perhaps under conditions. */
export interface Grant {
  readonly policy: string;
  readonly statement: PolicyStatement;
  readonly secrets: readonly number[];
}

export interface RoleGrants {
  readonly grants: readonly Grant[];
  /** The secrets that the role can read and no workload requests with it. */
  readonly unused: readonly number[];
}

export interface GrantParts {
  readonly index: SecretIndex;
  readonly findings: AuditFindings;
  readonly budget: Budget;
  readonly groups: SecretGroups;
}

/** @returns undefined if the work would be too much */
export function grantsOf(
  role: AuditRole,
  use: RoleUse | undefined,
  parts: GrantParts,
): RoleGrants | undefined {
  const context = roleContext(role, sessionKind(role, use));
  const reach = (policy: Policy, effect: PolicyStatement['effect']) =>
    policy.statements
      .filter((one) => one.effect === effect && matchesAction(one, READ_ACTION) !== 'no')
      .map((statement) => ({ statement, secrets: secretsOf(statement, policy, { ...parts, context }) }));
  const grants: Grant[] = [];
  const denied = new Set<number>();
  for (const { name, policy } of role.policies) {
    for (const { statement, secrets } of reach(policy, 'Allow')) {
      if (secrets === undefined) return undefined;
      if (secrets.length > 0) grants.push({ policy: name, statement, secrets });
    }
    for (const { secrets = [] } of reach(policy, 'Deny')) for (const one of secrets) denied.add(one);
  }
  const limit = role.boundary === undefined ? undefined : new Set<number>();
  if (role.boundary !== undefined) {
    for (const { secrets = [] } of reach(role.boundary.policy, 'Allow'))
      for (const one of secrets) limit?.add(one);
    for (const { secrets = [] } of reach(role.boundary.policy, 'Deny'))
      for (const one of secrets) denied.add(one);
  }
  const used = new Set([...(use?.needs.values() ?? [])].map(({ read }) => parts.index.find(read.arn)));
  const unused = new Set<number>();
  for (const { secrets } of grants) {
    if (!parts.budget.spend(secrets.length)) return undefined;
    for (const one of secrets)
      if (!used.has(one) && !denied.has(one) && limit?.has(one) !== false) unused.add(one);
  }
  return { grants, unused: [...unused].sort((a, b) => a - b) };
}

interface Reach extends GrantParts {
  readonly context: RequestContext;
}

/** The secrets that a statement concerns: of an Allow all that are possible, of a Deny those that are certain. */
function secretsOf(statement: PolicyStatement, policy: Policy, reach: Reach): readonly number[] | undefined {
  const { context, budget } = reach;
  const meets = meetsConditions(statement, policy.hasVariables, context);
  if (meets === 'no') return [];
  const isCertain = statement.effect === 'Deny';
  const found = resourcesOf(statement, policy, reach, isCertain);
  if (found === undefined || meets === 'yes') return found;
  const keys = secretKeys(statement);
  if (keys.length === 0) return isCertain ? [] : found;
  const { groupOf, examples } = reach.groups.by(keys);
  if (!budget.spend(found.length)) return undefined;
  if (!budget.spendOnComparisons(examples.length * statement.conditions.length)) return undefined;
  const applies = examples.map(({ arn, listed }) => {
    const met = meetsConditions(statement, policy.hasVariables, secretContext(arn, listed, context));
    return isCertain ? met === 'yes' : met !== 'no';
  });
  return found.filter((number) => applies[groupOf[number] ?? -1] === true);
}

/** The condition keys and policy variables of a statement whose values differ between secrets. */
function secretKeys({ conditions }: PolicyStatement): readonly string[] {
  const keys = conditions.flatMap(({ key, values }) => [
    key,
    ...values.flatMap((value) =>
      [...value.matchAll(/\$\{\s*([^,}]+?)\s*[,}]/g)].map(([, name = '']) => name),
    ),
  ]);
  return [...new Set(keys.filter(dependsOnSecret).map((key) => key.toLowerCase()))].sort();
}

function resourcesOf(
  { resources }: PolicyStatement,
  { hasVariables }: Policy,
  { context, index, budget }: Reach,
  isCertain: boolean,
): readonly number[] | undefined {
  if (resources === undefined) return [];
  const found = new Set<number>();
  const lists: (readonly number[])[] = [];
  for (const text of resources.values) {
    const settings = { variables: hasVariables ? context : undefined, hasWildcards: true };
    const pattern = readPattern(text, settings);
    if (pattern === undefined) continue;
    const { certain, possible, compared } = index.matching(pattern);
    // With NotResource, the certain ones are excluded from what is possible.
    const takesPossible = isCertain === resources.isExcluded;
    if (!budget.spendOnComparisons(1 + compared)) return undefined;
    if (!budget.spend(certain.length + possible.length)) return undefined;
    lists.push(certain);
    if (takesPossible) lists.push(possible);
  }
  const [only, ...others] = lists.filter((list) => list.length > 0);
  if (!resources.isExcluded && others.length === 0) return only ?? [];
  for (const list of lists) for (const one of list) found.add(one);
  if (!resources.isExcluded) return [...found];
  if (!budget.spend(index.all.length)) return undefined;
  return [...index.all.keys()].filter((number) => !found.has(number));
}

/** Reports what a role can read beyond its needs. */
export function checkGrants(
  role: AuditRole,
  use: RoleUse | undefined,
  { grants, unused }: RoleGrants,
  { index, findings }: GrantParts,
): void {
  const items = unused.map((number) => index.all[number]?.arn.text ?? '');
  const isReader = (use?.needs.size ?? 0) > 0;
  if (unused.length > 0 && isReader)
    findings.add(
      'granted-unused',
      role.arn,
      `can read ${unused.length} ${unused.length === 1 ? 'secret' : 'secrets'} that no workload requests with it`,
      { items, workloads: use?.workloads ?? [] },
    );
  if (!isReader && grants.length > 0)
    findings.add(
      'role-unused',
      role.arn,
      `can read ${unused.length} ${unused.length === 1 ? 'secret' : 'secrets'}, and no workload reads secrets with it`,
      { items },
    );
}
