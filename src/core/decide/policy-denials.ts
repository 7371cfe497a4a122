/** What the operator's policy denies, as problems that name the rule. */
import type { WrittenArn, WrittenReplica } from '../annotations/asked.ts';
import type { Asked } from '../annotations/read-asked.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { replicaIn } from '../names/failover.ts';
import type { Container } from '../pod/pod.ts';
import type { LimitedField, NamespaceRule, NamespaceRules } from '../policy/policy.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { Delivery } from './env-mode.ts';
import { rolesOf, type WrittenRole } from './roles.ts';

/** Adds what the rules deny of the secrets and roles that a pod names. */
export function checkRules(
  { arns, replicas, options, isEmpty }: Pick<Asked, 'arns' | 'replicas' | 'options' | 'isEmpty'>,
  namespace: string,
  { rules, isDenied }: NamespaceRules,
  findings: Findings,
): void {
  if (isDenied && !isEmpty) findings.add(deniedNamespace(namespace));
  for (const rule of rules) {
    for (const written of arns) checkSecret(rule, written, findings);
    for (const written of replicas) checkReplica(rule, written, findings);
    for (const written of rolesOf(options)) {
      if (!rule.allowsRole(written.role.text)) findings.add(() => deniedRole(rule, written));
    }
  }
}

function checkSecret(rule: NamespaceRule, { arn, subject }: WrittenArn, findings: Findings): void {
  if (!rule.allowsAccount(arn.account))
    findings.add(() => denied(rule, 'accounts', subject, `account ${arn.account}`));
  if (!rule.allowsRegion(arn.region))
    findings.add(() => denied(rule, 'regions', subject, `Region ${arn.region}`));
  if (!rule.allowsSecret(arn))
    findings.add(() => denied(rule, 'secrets', subject, `secret ${quote(arn.text, 256)}`));
}

/** The account and the name of a replica are those of the secret, which is checked where it is named. */
function checkReplica(
  rule: NamespaceRule,
  { region, arn, subject }: WrittenReplica,
  findings: Findings,
): void {
  if (!rule.allowsRegion(region)) findings.add(() => denied(rule, 'regions', subject, `Region ${region}`));
  const replica = replicaIn(region, arn);
  if (rule.allowsSecret(arn) && !rule.allowsSecret(replica))
    findings.add(() => denied(rule, 'secrets', subject, `secret ${quote(replica.text, 256)}`));
}

/** Adds the rules that do not allow the env-mode of a container, which the annotation, a default or `auto` selected. */
export function checkEnvMode(
  rules: readonly NamespaceRule[],
  mode: Delivery,
  container: Container,
  findings: Findings,
): void {
  for (const rule of rules) {
    if (rule.allowsEnvMode(mode)) continue;
    const what = `env-mode ${mode}, which container ${quote(container.name)} would use`;
    findings.add(() => denied(rule, 'envModes', annotationKey('env-mode'), what));
  }
}

/** The problem of a rule that requires complete ARNs. */
export function incompleteByRule(rule: NamespaceRule, { arn, subject }: WrittenArn): Problem {
  return {
    code: 'POLICY_DENIED',
    subject,
    wrong: `the policy rule ${quote(rule.name)} requires complete ARNs, but ${quote(arn.text, 256)} lacks the six-character suffix`,
    expected: 'use the complete ARN; aws secretsmanager describe-secret prints it',
  };
}

function deniedNamespace(namespace: string): Problem {
  return {
    code: 'POLICY_DENIED',
    subject: 'metadata.namespace',
    wrong: `the operator's policy does not allow pods of namespace ${quote(namespace)} to request secrets`,
    expected: 'use another namespace, or ask the operator to add it to the field namespaces of the policy',
  };
}

function deniedRole(rule: NamespaceRule, { role, subject }: WrittenRole): Problem {
  return denied(rule, 'roles', subject, `role ${quote(role.text, 128)}`);
}

const ALLOWS: Readonly<Record<LimitedField, string>> = {
  accounts: 'a secret of account',
  regions: 'Region',
  secrets: 'a secret that matches',
  roles: 'a role that matches',
  envModes: 'env-mode',
};

const MOST_SHOWN = 5;

function denied(rule: NamespaceRule, field: LimitedField, subject: string, what: string): Problem {
  return {
    code: 'POLICY_DENIED',
    subject,
    wrong: `the policy rule ${quote(rule.name)} does not allow ${what}`,
    get expected() {
      const { first, count } = rule.allowed(field, MOST_SHOWN);
      const use = count === 0 ? 'remove the annotation' : `use ${ALLOWS[field]} ${choices(first, count)}`;
      return `${use}, or ask the operator to change the rule`;
    },
  };
}

function choices(first: readonly string[], count: number): string {
  const shown = first.map((one) => printable(one));
  if (count > shown.length) return `${shown.join(', ')} or one of ${count - shown.length} more`;
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} or ${last}`;
}
