/**
 * Sign-in with a token of the pod's service account, exchanged by STS: IAM roles for service accounts (IRSA), or the token
 * that the injector adds for the annotation `role-arn`.
 */
import type { FetchProblem } from '../../core/problems/problems.ts';
import { ok, type Result } from '../../core/problems/result.ts';
import { endpointOf } from '../calls/endpoints.ts';
import { classify } from '../calls/errors.ts';
import { systemClock, withRetries } from '../calls/retry.ts';
import { ConnectionPool } from '../connections/connection-pool.ts';
import type { AwsEnvironment } from '../environment.ts';
import { webIdentityRefused } from './refusals.ts';
import type { CredentialSource, SourceParts } from './source.ts';
import { assumeRoleWithWebIdentity } from './sts.ts';
import { claimsOf, type TokenClaims } from './token-claims.ts';
import { readToken, TokenUnreadable } from './token-file.ts';

/**
 * Opens the source if the pod has the two variables of it.
 * @param region of STS, where the environment sets none
 * @returns undefined without these variables, or the problem of the endpoint
 */
export function openWebIdentity(
  { identity, region: ownRegion, endpoints }: AwsEnvironment,
  region: string,
  { log, proxyOf, sessionSeconds: seconds }: SourceParts,
): Result<CredentialSource, FetchProblem> | undefined {
  const { roleArn, tokenFile, sessionName } = identity;
  if (roleArn === undefined || tokenFile === undefined) return undefined;
  const endpoint = endpointOf('sts', ownRegion ?? region, endpoints);
  if (!endpoint.ok) return endpoint;
  const pool = new ConnectionPool(endpoint.value, 1, proxyOf(endpoint.value));
  const target = { service: 'sts', endpoint: endpoint.value, pool } as const;
  let claims: TokenClaims | undefined;
  return ok({
    roleArn,
    hasSessionTags: false,
    signIn: async (deadline) => {
      // The handshake takes a round trip, and the token is read meanwhile.
      pool.secure();
      const attempt = async () => {
        // kubelet replaces the token before it expires, so each attempt reads it again.
        const token = await readToken(
          { path: tokenFile, variable: 'AWS_WEB_IDENTITY_TOKEN_FILE' },
          deadline.signal,
        );
        claims = claimsOf(token);
        return assumeRoleWithWebIdentity(target, { roleArn, sessionName, token, seconds }, deadline.signal);
      };
      const answered = log.asking('STS');
      const react = { classify, retrying: (failure: unknown) => log.retrying('STS', failure) };
      const credentials = await withRetries(attempt, react, deadline, systemClock);
      answered();
      log.succeeded('STS');
      return credentials;
    },
    explain: (failure) =>
      failure instanceof TokenUnreadable ? failure.problem : webIdentityRefused(failure, roleArn, claims),
    close: () => pool.close(),
  });
}
