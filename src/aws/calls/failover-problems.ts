/** Problems of secrets that were read, or should have been read, in another Region than their own. */

import type { SecretArn } from '../../core/names/arn.ts';
import { replicaIn } from '../../core/names/failover.ts';
import type { PlanSecret } from '../../core/plan/plan.ts';
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { describeFailure, rowOf } from './errors.ts';
import { failsOver, type RegionFailure } from './failover.ts';
import { fetchProblem } from './problems.ts';
import type { Unavailable } from './retry-log.ts';

/**
 * The problem of a secret that could not be read in any of its Regions, or that a replica refused.
 * @param subject the annotation of the secret
 * @param arn the ARN of the secret, parsed
 * @param roleArn the role of the session, if it is known
 */
export function regionProblem(
  { region, failure, before }: RegionFailure,
  subject: string,
  secret: PlanSecret,
  arn: SecretArn,
  roleArn: string | undefined,
): FetchProblem {
  if (before.size === 0) return fetchProblem(failure, subject, secret, roleArn);
  if (failsOver(failure)) return noneAvailable(new Map([...before, [region, failure]]), subject, arn);
  const replica = { ...secret, arn: replicaIn(region, arn).text };
  const problem = fetchProblem(failure, subject, replica, roleArn);
  return {
    ...problem,
    wrong: `${problem.wrong} (the replica, used because ${describeUnavailable(before)})`,
    expected: ADVICE[problem.code]?.(region, problem.expected) ?? problem.expected,
  };
}

/** What to do about the answer of a replica. Replicas have KMS keys of their own. */
const ADVICE: Partial<Record<FetchCode, (region: string, expected: string) => string>> = {
  AWS_KMS_DENIED: (region, expected) => `for the KMS key of the replica in ${region}: ${expected}`,
  AWS_ACCESS_DENIED: (region, expected) => `for the replica in ${region}: ${expected}`,
  SECRET_NOT_FOUND: (region) =>
    `replicate the secret to ${region}, or remove the Region from failover; a missing permission can cause the same error`,
  SECRET_DELETED: (region) => `restore the replica, or remove ${region} from failover`,
};

function noneAvailable(failures: Unavailable, subject: string, { text }: SecretArn): FetchProblem {
  const isThrottled = [...failures.values()].every((failure) => rowOf(failure).retry === 'throttled');
  return {
    code: isThrottled ? 'AWS_THROTTLED' : 'AWS_UNAVAILABLE',
    subject,
    wrong: `Secrets Manager returned no usable answer for ${text} in any of its Regions before the deadline; last failures: ${describeAll(failures)}`,
    expected: isThrottled
      ? 'raise fetch-timeout, or start fewer pods at once'
      : 'check DNS, routes, security groups, VPC endpoints and proxies for each Region, or raise fetch-timeout',
  };
}

/** For example `eu-west-1 is unavailable: HTTP 503`. */
function describeUnavailable(failures: Unavailable): string {
  return [...failures]
    .map(([region, failure]) => `${region} is unavailable: ${describeFailure(failure)}`)
    .join(', ');
}

/** For example `eu-west-1: HTTP 503, us-east-1: connection refused`. */
export function describeAll(failures: Unavailable): string {
  return [...failures].map(([region, failure]) => `${region}: ${describeFailure(failure)}`).join(', ');
}
