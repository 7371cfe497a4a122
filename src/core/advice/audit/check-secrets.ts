/** Checks the secrets themselves: who requests them, rotation, and resource policies that open them to others. */
import { matchesAction } from '../../iam/evaluate.ts';
import type { PolicyPrincipal, PolicyStatement } from '../../iam/read-policy.ts';
import { accountOf } from './decision.ts';
import type { AuditFindings } from './findings.ts';
import { READ_ACTION } from './grants.ts';
import type { AuditInputs, AuditSecret } from './inputs.ts';
import type { GivenPolicy } from './resource-policies.ts';
import type { SecretIndex } from './secret-index.ts';

/** The workloads that request each secret, by its number. */
export type Requests = ReadonlyMap<number, ReadonlySet<string>>;

const DAY = 24 * 60 * 60_000;

/** AWS rotates within the window of the day that is due. */
const GRACE = DAY;

export function checkSecrets(
  { secrets, now }: AuditInputs,
  index: SecretIndex,
  requests: Requests,
  findings: AuditFindings,
): void {
  if (secrets === undefined) return;
  for (const [number, { arn, listed }] of index.all.entries()) {
    const workloads = requests.get(number) ?? new Set<string>();
    if (listed === undefined) {
      if (index.isListed(arn) && workloads.size > 0)
        findings.add('secret-missing', arn.text, 'the secret does not exist', { workloads });
      continue;
    }
    if (listed.isDeleted && workloads.size > 0)
      findings.add('secret-deleted', arn.text, 'the secret is scheduled for deletion', { workloads });
    if (listed.isDeleted) continue;
    if (workloads.size === 0 && !listed.isReplica)
      findings.add('secret-unreferenced', arn.text, `no workload requests it; ${lastRead(listed)}`);
    if (!listed.isReplica) checkRotation(listed, { now, workloads, findings });
  }
}

function lastRead({ lastRead: at }: AuditSecret): string {
  return at === undefined ? 'AWS has no record of a read' : `it was last read on ${day(at)}`;
}

function day(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10);
}

interface RotationParts {
  readonly now: number;
  readonly workloads: ReadonlySet<string>;
  readonly findings: AuditFindings;
}

function checkRotation({ arn, rotation }: AuditSecret, { now, workloads, findings }: RotationParts): void {
  const { isOn, due } = rotation;
  if (!isOn) findings.add('rotation-off', arn.text, 'rotation is off', { workloads });
  else if (due === undefined)
    findings.add('rotation-undecided', arn.text, 'the listing has no date of the next rotation', {
      workloads,
    });
  else if (due + GRACE < now)
    findings.add('rotation-overdue', arn.text, `rotation was due on ${day(due)}`, { workloads });
}

/** @param readers the ARNs of the roles that read each secret, by its number */
export function checkResourcePolicies(
  policies: readonly GivenPolicy[],
  index: SecretIndex,
  readers: ReadonlyMap<number, ReadonlySet<string>>,
  findings: AuditFindings,
): void {
  for (const { arn, policy } of policies) {
    const { text, account: owner } = arn;
    if (policy === undefined) findings.add('policy-undecided', text, 'its resource policy cannot be read');
    const number = index.find(arn);
    const roles = number === undefined ? undefined : readers.get(number);
    for (const statement of policy?.statements ?? [])
      if (statement.effect === 'Allow' && matchesAction(statement, READ_ACTION) !== 'no')
        checkStatement(statement, { text, owner, roles: roles ?? new Set(), findings });
  }
}

interface Opened {
  readonly text: string;
  readonly owner: string;
  readonly roles: ReadonlySet<string>;
  readonly findings: AuditFindings;
}

function checkStatement(statement: PolicyStatement, { text, owner, roles, findings }: Opened): void {
  const { principals, conditions, name } = statement;
  const isOpen =
    principals !== undefined && (principals.isExcluded || principals.values.some(({ kind }) => kind === '*'));
  const keys = [...new Set(conditions.map(({ key }) => key))].slice(0, 5).join(', ');
  if (isOpen && conditions.length === 0)
    findings.add('secret-open-to-everyone', text, `statement ${name} allows everyone to read it`);
  else if (isOpen)
    findings.add(
      'secret-open-to-account',
      text,
      `statement ${name} allows everyone to read it who meets its condition on ${keys}`,
    );
  if (isOpen) return;
  const others = (principals?.values ?? []).filter((one) => isForeign(one, owner) && !roles.has(one.id));
  if (others.length > 0)
    findings.add(
      'secret-open-to-account',
      text,
      `statement ${name} allows ${others.length === 1 ? 'a principal' : 'principals'} of other accounts to read it${keys === '' ? '' : `, under a condition on ${keys}`}`,
      { items: others.map(({ id }) => id) },
    );
}

function isForeign({ kind, id }: PolicyPrincipal, owner: string): boolean {
  if (kind !== 'AWS') return false;
  const account = accountOf(id) ?? /^arn:[\w-]+:(?:iam|sts)::(\d{12}):/.exec(id)?.[1];
  return account !== owner;
}
