/** The operator's rules for what pods may request. A rule is a check here and a setting in `InjectionSettings`. */
import type { WrittenArn } from '../annotations/asked.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';

/** Checks the ARNs of a pod against the operator's rules. */
export function checkOperatorPolicy(
  arns: readonly WrittenArn[],
  settings: InjectionSettings,
  findings: Findings,
): void {
  for (const written of arns) {
    if (written.arn.suffix !== undefined) continue;
    if (settings.requireCompleteArns === true) findings.add(incomplete(written));
    else
      findings.warn(
        `${written.subject}: the ARN has no suffix; it matches any secret created with this name`,
      );
  }
}

function incomplete({ arn, subject }: WrittenArn): Problem {
  return {
    code: 'ARN_INCOMPLETE',
    subject,
    wrong: `${quote(arn.text)} lacks the six-character suffix, which an operator policy requires`,
    expected: 'use the complete ARN; aws secretsmanager describe-secret prints it',
  };
}
