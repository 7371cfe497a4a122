/** Everything that the fetcher concludes from one AWS error response, as one line of text. */
import { AwsFailure, type Detail, rowOf } from '../../../../src/aws/calls/errors.ts';
import { fetchProblem } from '../../../../src/aws/calls/problems.ts';
import { webIdentityRefused } from '../../../../src/aws/credentials/refusals.ts';

/** `retry class, problem of a secret, problem of a sign-in`, then `absent` and `renews` where they apply. */
export function verdictOf(code: string, status: number, detail: Detail | undefined): string {
  const failure = new AwsFailure(code, status, detail);
  const row = rowOf(failure);
  return [
    row.retry,
    fetchProblem(failure, 'subject', { arn: 'arn' }).code,
    webIdentityRefused(failure, 'role', undefined).code,
    ...(row.isAbsence === true ? ['absent'] : []),
    ...(row.signsInAgain === true ? ['renews'] : []),
  ].join(' ');
}

/** What the fetcher advises after a sign-in that AWS rejected. */
export function signInAdvice(code: string): string {
  return webIdentityRefused(new AwsFailure(code, 400), 'role', undefined).expected;
}
