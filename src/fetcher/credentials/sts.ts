/**
 * AssumeRoleWithWebIdentity, and nothing else of STS. The call is unsigned, so it can leave before the AWS SDK is
 * loaded; that saves a good part of a second of every pod's start (see docs/internals/performance.md).
 *
 * Source: the STS API reference, query protocol, version 2011-06-15.
 */

import type http from 'node:http';
import { AwsFailure } from '../aws/errors.ts';
import { request } from '../aws/https-call.ts';
import type { Credentials } from '../aws/secret-reader.ts';

export interface SignIn {
  readonly endpoint: URL;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
}

/** The shortest session that STS gives; one run of the fetcher is at most ten minutes long. */
const SESSION_SECONDS = '900';

/** Trades the service account's token for credentials of the role. @throws AwsFailure */
export async function assumeRoleWithWebIdentity(
  signIn: SignIn,
  agent: http.Agent | undefined,
  signal: AbortSignal,
): Promise<Credentials> {
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: signIn.roleArn,
    RoleSessionName: signIn.sessionName,
    WebIdentityToken: signIn.token,
    DurationSeconds: SESSION_SECONDS,
  }).toString();
  const answer = await request(signIn.endpoint, body, 'application/x-www-form-urlencoded', agent, signal);
  if (answer.status !== 200) throw new AwsFailure(element(answer.body, 'Code') ?? 'Unknown', answer.status);
  const accessKeyId = element(answer.body, 'AccessKeyId');
  const secretAccessKey = element(answer.body, 'SecretAccessKey');
  const sessionToken = element(answer.body, 'SessionToken');
  if (!accessKeyId || !secretAccessKey || !sessionToken)
    throw new AwsFailure('IncompleteAnswer', answer.status);
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** The text of the only element of a name. What is read here is base64, identifiers and codes: nothing is escaped. */
function element(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<&]*)</${name}>`).exec(xml);
  return found?.[1]?.trim();
}
