/** What the operator lets pods request: settings of `InjectionSettings`, and the rules of the policy file. All must allow. */
import type { WrittenArn } from '../annotations/asked.ts';
import type { Asked } from '../annotations/read-asked.ts';
import { matcher } from '../names/key-patterns.ts';
import type { NamespaceRules } from '../policy/policy.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';
import { checkRules, incompleteByRule } from './policy-denials.ts';
import { rolesOf, type WrittenRole } from './roles.ts';

/** Checks the secrets and roles that a pod names. @param policy the rules of its namespace */
export function checkOperatorPolicy(
  asked: Pick<Asked, 'arns' | 'replicas' | 'options' | 'isEmpty'>,
  namespace: string,
  { settings, policy }: { readonly settings: InjectionSettings; readonly policy: NamespaceRules },
  findings: Findings,
): void {
  for (const written of rolesOf(asked.options))
    if (!isAllowed(written.role.text, namespace, settings)) findings.add(notAllowed(written, namespace));
  const requiring = policy.rules.filter((rule) => rule.requiresCompleteArns);
  for (const written of asked.arns) {
    if (written.arn.suffix !== undefined) continue;
    if (settings.requireCompleteArns === true) findings.add(incomplete(written));
    else if (requiring.length > 0)
      for (const rule of requiring) findings.add(() => incompleteByRule(rule, written));
    else
      findings.warn(
        'ARN_WITHOUT_SUFFIX',
        written.subject,
        `${written.subject}: the ARN has no suffix; it matches any secret created with this name`,
      );
  }
  checkRules(asked, namespace, policy, findings);
}

function isAllowed(role: string, namespace: string, { allowedRoles = [] }: InjectionSettings): boolean {
  return (
    allowedRoles.length === 0 ||
    allowedRoles.some((one) => matcher([one.namespace])(namespace) && matcher([one.role])(role))
  );
}

function notAllowed({ role, subject }: WrittenRole, namespace: string): Problem {
  return {
    code: 'ROLE_NOT_ALLOWED',
    subject,
    wrong: `an operator policy does not allow role ${quote(role.text, 128)} in namespace ${quote(namespace)}`,
    expected:
      'use a role that the policy allows, or ask the operator to add the role to the setting allowed-roles',
  };
}

function incomplete({ arn, subject }: WrittenArn): Problem {
  return {
    code: 'ARN_INCOMPLETE',
    subject,
    wrong: `${quote(arn.text)} lacks the six-character suffix, which an operator policy requires`,
    expected: 'use the complete ARN; aws secretsmanager describe-secret prints it',
  };
}
