/**
 * A second role, assumed with the credentials of the pod (annotation `assume-role-arn`), for example in another account.
 * Its sessions have tags with the namespace, the service account and the pod, with the keys that EKS Pod Identity uses.
 */
import type { FetchProblem } from '../../core/problems/problems.ts';
import { ok, type Result } from '../../core/problems/result.ts';
import { AwsClock } from '../calls/aws-clock.ts';
import { endpointOf } from '../calls/endpoints.ts';
import { AwsFailure, classify, rowOf } from '../calls/errors.ts';
import type { AwsRequest } from '../calls/request.ts';
import { systemClock, withRetries } from '../calls/retry.ts';
import type { Credentials } from '../calls/secret-reader.ts';
import { ConnectionPool } from '../connections/connection-pool.ts';
import type { AwsEnvironment, PodFacts } from '../environment.ts';
import { assumedRoleRefused } from './refusals.ts';
import type { CredentialSource, SourceParts } from './source.ts';
import { assumeRole } from './sts.ts';

/** A failure of the first sign-in. */
class FirstSignInFailed extends Error {
  readonly failure: unknown;

  constructor(failure: unknown) {
    super('the first sign-in failed');
    this.failure = failure;
  }
}

/**
 * Wraps a source.
 * @param roleArn the role to assume
 * @param region of STS, where the environment sets none
 */
export function openAssumedRole(
  first: CredentialSource,
  roleArn: string,
  { identity, region: ownRegion, endpoints }: AwsEnvironment,
  region: string,
  { log, proxyOf, loadSigner, sessionSeconds: seconds }: SourceParts,
): Result<CredentialSource, FetchProblem> {
  const stsRegion = ownRegion ?? region;
  const endpoint = endpointOf('sts', stsRegion, endpoints);
  if (!endpoint.ok) return endpoint;
  const { sessionName, externalId, pod } = identity;
  const pool = new ConnectionPool(endpoint.value, 1, proxyOf(endpoint.value));
  const target = { service: 'sts', endpoint: endpoint.value, pool } as const;
  // Tags of the first session are transitive, and STS rejects the same keys again.
  const tags = first.hasSessionTags ? {} : tagsOf(pod);
  const role = { roleArn, sessionName, externalId, tags, seconds };
  return ok({
    roleArn,
    hasSessionTags: true,
    signIn: async (deadline) => {
      const signInFirst = () =>
        first.signIn(deadline).catch((failure: unknown) => {
          throw new FirstSignInFailed(failure);
        });
      const signingIn = signInFirst();
      pool.secure();
      let credentials = await signingIn;
      let isRenewed = false;
      const clock = new AwsClock();
      const attempt = async (): Promise<Credentials> => {
        const signing = { endpoint: endpoint.value, service: 'sts', region: stsRegion, credentials } as const;
        const sign = (request: AwsRequest) => loadSigner()({ ...signing, date: clock.now() }, request);
        try {
          return await assumeRole(target, role, sign, deadline.signal);
        } catch (failure) {
          if (failure instanceof AwsFailure) clock.correct(failure);
          if (isRenewed || rowOf(failure).signsInAgain !== true) throw failure;
          isRenewed = true;
          credentials = await signInFirst();
          return attempt();
        }
      };
      const answered = log.asking('STS');
      const react = {
        classify,
        // A denial is about this role, everything else about the service.
        retrying: (failure: unknown) =>
          log.retrying(classify(failure) === 'settling' ? roleArn : 'STS', failure),
      };
      const assumed = await withRetries(attempt, react, deadline, systemClock);
      answered();
      log.succeeded('STS', roleArn);
      return assumed;
    },
    explain: (failure) =>
      failure instanceof FirstSignInFailed
        ? first.explain(failure.failure)
        : assumedRoleRefused(failure, { roleArn, externalId, principal: first.roleArn }),
    close: () => {
      first.close();
      pool.close();
    },
  });
}

// Source: the session tags of EKS Pod Identity, so that one policy fits all identities.
function tagsOf({ namespace, serviceAccount, name }: PodFacts): Readonly<Record<string, string>> {
  const tags = {
    'kubernetes-namespace': namespace,
    'kubernetes-service-account': serviceAccount,
    'kubernetes-pod-name': name,
  };
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}
