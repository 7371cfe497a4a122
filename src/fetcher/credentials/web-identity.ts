/** IAM roles for service accounts (IRSA): the token of the pod's service account, exchanged by STS. */
import { readFileSync } from 'node:fs';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { endpointOf } from '../aws/endpoints.ts';
import { classify } from '../aws/errors.ts';
import { PreopenedAgent } from '../aws/preopened-agent.ts';
import { signInProblem } from '../aws/problems.ts';
import { systemClock, withRetries } from '../aws/retry.ts';
import type { Environment } from '../process/environment.ts';
import type { CredentialSource } from './source.ts';
import { assumeRoleWithWebIdentity } from './sts.ts';

const MOST_TOKEN_BYTES = 20_000;

/**
 * Opens the source if the pod has the variables of IRSA.
 * @param region of STS, where the environment sets none
 * @returns undefined without these variables, or the problem of the token or of the endpoint
 */
export function openWebIdentity(
  environment: Environment,
  region: string,
): Result<CredentialSource, FetchProblem> | undefined {
  const { roleArn, tokenFile, sessionName } = environment;
  if (roleArn === undefined || tokenFile === undefined) return undefined;
  const token = readToken(tokenFile);
  if (!token.ok) return token;
  const endpoint = endpointOf('sts', environment.region ?? region, environment.endpoints);
  if (!endpoint.ok) return endpoint;
  const agent = new PreopenedAgent(endpoint.value, 1);
  const target = { service: 'sts', endpoint: endpoint.value, agent } as const;
  const request = { target, roleArn, sessionName, token: token.value };
  return ok({
    signIn: (deadline) =>
      withRetries(() => assumeRoleWithWebIdentity(request, deadline.signal), classify, deadline, systemClock),
    explain: (failure) => signInProblem(failure, roleArn),
    close: () => agent.destroy(),
  });
}

function readToken(file: string): Result<string, FetchProblem> {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return unreadable(`the token file cannot be read (${code ?? 'unknown error'})`);
  }
  if (token === '') return unreadable('the token file is empty');
  // A token consists of base64url parts. Any other content would be sent to STS.
  if (token.length > MOST_TOKEN_BYTES || !/^[\w-]+(\.[\w-]+)*$/.test(token))
    return unreadable('the token file does not contain a token');
  return ok(token);
}

function unreadable(wrong: string): Result<never, FetchProblem> {
  return failed({
    code: 'IDENTITY_TOKEN_UNREADABLE',
    subject: 'AWS_WEB_IDENTITY_TOKEN_FILE',
    wrong,
    expected:
      'check the projected volume of the pod and its mount in this container; kubelet writes the file',
  });
}
