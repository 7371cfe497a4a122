/** IAM roles for service accounts (IRSA): the token of the pod's service account, exchanged by STS. */
import type { FetchProblem } from '../../core/problems/problems.ts';
import { ok, type Result } from '../../core/problems/result.ts';
import { endpointOf } from '../aws/endpoints.ts';
import { classify } from '../aws/errors.ts';
import { PreopenedAgent } from '../aws/preopened-agent.ts';
import { signInProblem } from '../aws/problems.ts';
import { systemClock, withRetries } from '../aws/retry.ts';
import type { Environment } from '../process/environment.ts';
import type { CredentialSource, SourceParts } from './source.ts';
import { assumeRoleWithWebIdentity } from './sts.ts';
import { readToken, TokenUnreadable } from './token-file.ts';

/**
 * Opens the source if the pod has the variables of IRSA.
 * @param region of STS, where the environment sets none
 * @returns undefined without these variables, or the problem of the endpoint
 */
export function openWebIdentity(
  environment: Environment,
  region: string,
  { log, proxyOf }: SourceParts,
): Result<CredentialSource, FetchProblem> | undefined {
  const { roleArn, tokenFile, sessionName } = environment;
  if (roleArn === undefined || tokenFile === undefined) return undefined;
  const endpoint = endpointOf('sts', environment.region ?? region, environment.endpoints);
  if (!endpoint.ok) return endpoint;
  const agent = new PreopenedAgent(endpoint.value, 1, proxyOf(endpoint.value));
  const target = { service: 'sts', endpoint: endpoint.value, agent } as const;
  return ok({
    signIn: async (deadline) => {
      // kubelet replaces the token before it expires, so each sign-in reads it again.
      const token = await readToken(tokenFile, deadline.signal);
      const answered = log.asking('STS');
      const credentials = await withRetries(
        () => assumeRoleWithWebIdentity({ target, roleArn, sessionName, token }, deadline.signal),
        { classify, retrying: (failure) => log.retrying('STS', failure) },
        deadline,
        systemClock,
      );
      answered();
      log.succeeded('STS');
      return credentials;
    },
    explain: (failure) =>
      failure instanceof TokenUnreadable ? failure.problem : signInProblem(failure, roleArn),
    close: () => agent.destroy(),
  });
}
