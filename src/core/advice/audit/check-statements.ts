/** Looks for statements that allow more than their list of secrets says: patterns, and exceptions. Each is reported once. */
import { matchesAction } from '../../iam/evaluate.ts';
import type { PolicyStatement } from '../../iam/read-policy.ts';
import { parseArn, type SecretArn } from '../../names/arn.ts';
import type { AuditFindings } from './findings.ts';
import { READ_ACTION } from './grants.ts';
import type { AuditRole, NamedPolicy } from './inputs.ts';
import type { RoleUse } from './uses.ts';

/** What the fetcher calls, and actions that AWS requires with them. */
const NEEDED: ReadonlySet<string> = new Set(['getsecretvalue', 'describesecret']);
const SERVICE = 'secretsmanager:';
/** Of every field a name, and the name of the secret without wildcards but for the suffix. */
const NARROW = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[^*?]+?(?:-\?{6})?$/;

export function checkStatements(
  roles: readonly AuditRole[],
  uses: ReadonlyMap<string, RoleUse>,
  findings: AuditFindings,
): void {
  const all = new Map<NamedPolicy['policy'], Attached>();
  for (const role of roles)
    for (const { name, policy } of role.policies) {
      const attached = all.get(policy) ?? { name, roles: new Set(), workloads: new Set() };
      attached.roles.add(role.arn);
      // A few are shown.
      if (attached.workloads.size < MOST_WORKLOADS)
        for (const workload of uses.get(role.arn)?.workloads ?? []) attached.workloads.add(workload);
      all.set(policy, attached);
    }
  for (const [policy, attached] of all)
    for (const statement of policy.statements)
      if (statement.effect === 'Allow') checkStatement(statement, attached, findings);
}

const MOST_WORKLOADS = 20;

/** A policy, and the roles and workloads that have it. */
interface Attached {
  readonly name: string;
  readonly roles: Set<string>;
  readonly workloads: Set<string>;
}

/** The secrets that statements allow reading by their ARNs, without patterns but for the suffix. */
export function namedSecrets(roles: readonly AuditRole[]): readonly SecretArn[] {
  const texts = new Set(
    roles.flatMap(({ policies }) =>
      policies.flatMap(({ policy }) =>
        policy.statements.flatMap((one) =>
          one.effect === 'Allow' &&
          one.resources?.isExcluded === false &&
          matchesAction(one, READ_ACTION) !== 'no'
            ? one.resources.values.filter((text) => NARROW.test(text))
            : [],
        ),
      ),
    ),
  );
  return [...texts].flatMap((text) => {
    const arn = parseArn(text.replace(/-\?{6}$/, ''), '');
    return arn.ok ? [arn.value] : [];
  });
}

function checkStatement(
  statement: PolicyStatement,
  { name, roles, workloads }: Attached,
  findings: AuditFindings,
): void {
  const { actions, resources } = statement;
  const where = `statement ${statement.name}`;
  const reads = matchesAction(statement, READ_ACTION) !== 'no';
  const ofService = actions.values.filter((one) => one.toLowerCase().startsWith(SERVICE));
  const patterns = actions.isExcluded ? [] : actions.values.filter(isActionPattern);
  const add = (code: Parameters<AuditFindings['add']>[0], message: string) =>
    findings.add(code, name, `${where} ${message}`, { items: roles, workloads });
  if (actions.isExcluded && reads) add('allow-except', 'allows every action except those of NotAction');
  if (resources?.isExcluded === true && reads)
    add('allow-except', 'allows reading every secret except those of NotResource');
  if (patterns.length > 0) add('wildcard-action', `allows ${few(patterns)}`);
  const unneeded = actions.isExcluded
    ? []
    : ofService.filter((one) => !/[*?]/.test(one) && !NEEDED.has(one.slice(SERVICE.length).toLowerCase()));
  if (unneeded.length > 0) add('action-unneeded', `allows ${few(unneeded)}`);
  const broad = resources?.isExcluded === false && reads ? resources.values.filter(isBroad) : [];
  if (broad.length > 0) add('wildcard-resource', `allows reading secrets that match ${few(broad)}`);
}

/** Whether a pattern can stand for several actions of Secrets Manager. */
function isActionPattern(action: string): boolean {
  if (!/[*?]/.test(action)) return false;
  const [service = '', rest] = action.toLowerCase().split(':', 2);
  return rest === undefined ? service === '*' : /^secretsmanager$|[*?]/.test(service);
}

/** A pattern of another service is not about secrets. A variable is as narrow as its value. */
function isBroad(resource: string): boolean {
  const [, , service = '*'] = resource.split(':', 3);
  const isOfSecrets = resource === '*' || /[*?]/.test(service) || service === 'secretsmanager';
  return isOfSecrets && !NARROW.test(resource.replaceAll(/\$\{[^}]*\}/g, 'x'));
}

function few(texts: readonly string[]): string {
  const more = texts.length - 5;
  return texts.slice(0, 5).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
