/**
 * AssumeRoleWithWebIdentity, the only call to STS. It is unsigned, so it is sent before the AWS SDK is loaded, which saves
 * a good part of a second at the start of every pod.
 *
 * Source: the STS API reference, query protocol, version 2011-06-15.
 */
import { AwsFailure, INCOMPLETE_ANSWER } from '../aws/errors.ts';
import { type AwsTarget, requestAws } from '../aws/request.ts';
import type { Credentials } from '../aws/secret-reader.ts';

export interface SignIn {
  readonly target: AwsTarget;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
}

/** The shortest session of STS. One run of the fetcher takes at most ten minutes. */
const SESSION_SECONDS = '900';
/** Exchanges the token of the service account for credentials of the role. @throws AwsFailure or NetworkFailure */
export async function assumeRoleWithWebIdentity(signIn: SignIn, signal: AbortSignal): Promise<Credentials> {
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: signIn.roleArn,
    RoleSessionName: signIn.sessionName,
    WebIdentityToken: signIn.token,
    DurationSeconds: SESSION_SECONDS,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await requestAws(
    signIn.target,
    { path: signIn.target.endpoint.pathname, headers, body },
    signal,
  );
  const xml = answer.body.toString('utf8');
  if (answer.status !== 200) throw new AwsFailure(element(xml, 'Code') ?? 'Unknown', answer.status);
  const accessKeyId = element(xml, 'AccessKeyId');
  const secretAccessKey = element(xml, 'SecretAccessKey');
  const sessionToken = element(xml, 'SessionToken');
  if (!accessKeyId || !secretAccessKey || !sessionToken)
    throw new AwsFailure(INCOMPLETE_ANSWER, answer.status);
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** The text of the only element of a name. The values are base64, identifiers and codes, which need no unescaping. */
function element(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<&]*)</${name}>`).exec(xml);
  return found?.[1]?.trim();
}
