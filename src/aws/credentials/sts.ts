/**
 * The calls to STS. AssumeRoleWithWebIdentity is unsigned, so it is sent before the AWS SDK is loaded, which saves a good
 * part of a second at the start of every pod. AssumeRole is signed with the signer of the SDK.
 *
 * Source: the STS API reference, query protocol, version 2011-06-15.
 */
import { AwsFailure, INCOMPLETE_ANSWER } from '../calls/errors.ts';
import { denialIn, detailIn } from '../calls/messages.ts';
import { type AwsRequest, type AwsTarget, requestAws } from '../calls/request.ts';
import type { Credentials } from '../calls/secret-reader.ts';

/** The shortest session of STS. One run of the fetcher takes at most ten minutes. */
const SESSION_SECONDS = 900;

export interface WebIdentitySignIn {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
  /** How long the session lasts. */
  readonly seconds?: number | undefined;
}

/** Exchanges the token of the service account for credentials of the role. @throws AwsFailure or NetworkFailure */
export function assumeRoleWithWebIdentity(
  target: AwsTarget,
  { roleArn, sessionName, token, seconds = SESSION_SECONDS }: WebIdentitySignIn,
  signal: AbortSignal,
): Promise<Credentials> {
  const request = stsRequest(target, {
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
    DurationSeconds: String(seconds),
  });
  return call(target, request, seconds, signal);
}

export interface RoleToAssume {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | undefined;
  /** Session tags, by their key. */
  readonly tags: Readonly<Record<string, string>>;
  /** How long the session lasts. */
  readonly seconds?: number | undefined;
}

/**
 * Assumes a role with credentials of another one.
 * @param sign signs the request with those credentials
 * @throws AwsFailure or NetworkFailure
 */
export async function assumeRole(
  target: AwsTarget,
  { roleArn, sessionName, externalId, tags, seconds = SESSION_SECONDS }: RoleToAssume,
  sign: (request: AwsRequest) => Promise<AwsRequest>,
  signal: AbortSignal,
): Promise<Credentials> {
  const members = Object.entries(tags).flatMap(([key, value], index) => [
    [`Tags.member.${index + 1}.Key`, key],
    [`Tags.member.${index + 1}.Value`, value],
  ]);
  const request = stsRequest(target, {
    Action: 'AssumeRole',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
    ...Object.fromEntries(members),
    DurationSeconds: String(seconds),
  });
  return call(target, await sign(request), seconds, signal);
}

function stsRequest({ endpoint }: AwsTarget, parameters: Readonly<Record<string, string>>): AwsRequest {
  const all = { ...parameters, Version: '2011-06-15' };
  return {
    path: endpoint.pathname,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(all).toString(),
  };
}

async function call(
  target: AwsTarget,
  request: AwsRequest,
  seconds: number,
  signal: AbortSignal,
): Promise<Credentials> {
  const answer = await requestAws(target, request, signal);
  const xml = answer.body.toString('utf8');
  if (answer.status !== 200) {
    const code = element(xml, 'Code') ?? 'Unknown';
    const message = element(xml, 'Message') ?? '';
    const answeredAt = Date.parse(answer.headers.date ?? '');
    throw new AwsFailure(
      code,
      answer.status,
      detailIn(code, message),
      denialIn(message),
      Number.isNaN(answeredAt) ? undefined : answeredAt,
    );
  }
  const accessKeyId = element(xml, 'AccessKeyId');
  const secretAccessKey = element(xml, 'SecretAccessKey');
  const sessionToken = element(xml, 'SessionToken');
  if (!accessKeyId || !secretAccessKey || !sessionToken)
    throw new AwsFailure(INCOMPLETE_ANSWER, answer.status);
  // Not from the time of expiry in the answer, because the clock of the node may be wrong.
  return { accessKeyId, secretAccessKey, sessionToken, lifetime: seconds * 1000 };
}

/** The text of the first element of a name. Credentials and codes need no unescaping, and messages are only searched. */
function element(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  const end = start < 0 ? -1 : xml.indexOf('<', start + name.length + 2);
  if (end < 0 || !xml.startsWith(`</${name}>`, end)) return undefined;
  return xml.slice(start + name.length + 2, end).trim();
}
