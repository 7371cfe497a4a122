import { AwsError } from './aws-error.ts';
import type { TokenIssuer } from './issuer.ts';
import { escapeXml, type Reply, xmlReply } from './reply.ts';
import { accountOf, assumedRoleArn, DEFAULT_AUDIENCE, type Role, trusts } from './roles.ts';
import { awsIdentifier, type Session, type Sessions } from './sessions.ts';
import { verifyWebIdentity, type WebIdentity } from './web-identity.ts';

export interface StsState {
  readonly roles: ReadonlyMap<string, Role>;
  readonly sessions: Sessions;
  readonly issuer: TokenIssuer;
  readonly now: () => number;
}

export const STS_VERSION = '2011-06-15';

/** Responds to a form-encoded STS request. */
export async function answerSts(form: URLSearchParams, state: StsState): Promise<Reply> {
  const action = form.get('Action') ?? '';
  const version = form.get('Version') ?? 'NO_VERSION_SPECIFIED';
  if (action !== 'AssumeRoleWithWebIdentity' || version !== STS_VERSION) {
    throw new AwsError('InvalidAction', `Could not find operation ${action} for version ${version}`);
  }
  const input = { ...validateRole(form), token: tokenOf(form) };
  const role = state.roles.get(input.roleArn);
  const now = state.now();
  if (![...state.roles.keys()].some((arn) => accountOf(arn) === accountOf(input.roleArn))) {
    // Providers are registered per account; in the fake, an account without a role has none.
    throw new AwsError(
      'InvalidIdentityToken',
      `No OpenIDConnect provider found in your account for ${state.issuer.issuer}`,
    );
  }
  const identity = await verifyWebIdentity(input.token, state.issuer, now);
  const audience = registeredAudience(identity, state.roles.values());
  if (role === undefined || !trusts(role, identity.subject, identity.audiences)) {
    throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
  }
  if (input.durationSeconds > (role.maxSessionSeconds ?? 3600)) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  const session = state.sessions.start(role.arn, input.sessionName, now + input.durationSeconds * 1000);
  return xmlReply(200, (requestId) =>
    successXml({ session, identity, audience, requestId, issuer: state.issuer.issuer }),
  );
}

/** What both operations require. */
export interface RoleInput {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
}

/** Validates the parameters that both operations have. @throws AwsError as STS responds */
export function validateRole(form: URLSearchParams): RoleInput {
  const problems: string[] = [];
  const input = {
    roleArn: field(form, 'RoleArn', [20, 2048], problems),
    sessionName: field(form, 'RoleSessionName', [2, 64], problems, /^[\w+=,.@-]*$/),
    durationSeconds: Number(form.get('DurationSeconds') ?? 3600),
  };
  if (form.get('Action') === 'AssumeRoleWithWebIdentity')
    field(form, 'WebIdentityToken', [4, 20_000], problems);
  if (!Number.isInteger(input.durationSeconds)) {
    throw new AwsError('MalformedInput', 'Start of structure or map found where not expected');
  }
  const range = `Value '${input.durationSeconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value`;
  if (input.durationSeconds < 900) problems.push(`${range} greater than or equal to 900`);
  if (input.durationSeconds > 43_200) problems.push(`${range} less than or equal to 43200`);
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
    throw new AwsError('ValidationError', `${count} detected: ${problems.join('; ')}`);
  }
  if (!/^arn:[a-z-]+:iam::\d{12}:role\/\S+$/.test(input.roleArn)) {
    throw new AwsError('ValidationError', `${input.roleArn} is invalid`);
  }
  return input;
}

function tokenOf(form: URLSearchParams): string {
  return form.get('WebIdentityToken') ?? '';
}

function field(
  form: URLSearchParams,
  name: string,
  [least, most]: readonly [number, number],
  problems: string[],
  pattern?: RegExp,
): string {
  const value = form.get(name);
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  const complain = (shown: string, constraint: string) =>
    problems.push(`Value ${shown} at '${member}' failed to satisfy constraint: Member must ${constraint}`);
  if (value === null) complain('null', 'not be null');
  // STS does not repeat tokens in messages.
  const shown = name === 'WebIdentityToken' ? "'***'" : `'${value ?? ''}'`;
  if (value !== null && value.length < least)
    complain(shown, `have length greater than or equal to ${least}`);
  if (value !== null && value.length > most) complain(shown, `have length less than or equal to ${most}`);
  if (value !== null && pattern !== undefined && !pattern.test(value)) {
    complain(shown, String.raw`satisfy regular expression pattern: [\w+=,.@-]*`);
  }
  return value ?? '';
}

/** The provider lists the audiences of all roles. STS rejects other audiences before it evaluates roles. */
function registeredAudience(identity: WebIdentity, roles: Iterable<Role>): string {
  const registered = new Set([
    DEFAULT_AUDIENCE,
    ...[...roles].map((role) => role.audience ?? DEFAULT_AUDIENCE),
  ]);
  const audience = identity.audiences.find((candidate) => registered.has(candidate));
  if (audience === undefined) throw new AwsError('InvalidIdentityToken', 'Incorrect token audience');
  return audience;
}

interface Success {
  readonly session: Session;
  readonly identity: WebIdentity;
  readonly audience: string;
  readonly requestId: string;
  readonly issuer: string;
}

function successXml({ session, identity, audience, requestId, issuer }: Success): string {
  const [, partition = 'aws'] = session.roleArn.split(':');
  const provider = `arn:${partition}:iam::${accountOf(session.roleArn)}:oidc-provider/${issuer.replace(/^https:\/\//, '')}`;
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Audience>${escapeXml(audience)}</Audience>
    ${assumedRoleXml(session)}
    <Provider>${escapeXml(provider)}</Provider>
    ${credentialsXml(session)}
    <SubjectFromWebIdentityToken>${escapeXml(identity.subject)}</SubjectFromWebIdentityToken>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata>
    <RequestId>${requestId}</RequestId>
  </ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`;
}

/** The credentials of a session, as both operations return them. */
export function credentialsXml(session: Session): string {
  return `<Credentials>
      <AccessKeyId>${session.accessKeyId}</AccessKeyId>
      <SecretAccessKey>${session.secretAccessKey}</SecretAccessKey>
      <SessionToken>${session.sessionToken}</SessionToken>
      <Expiration>${new Date(session.expiresAt).toISOString().replace(/\.\d{3}Z$/, 'Z')}</Expiration>
    </Credentials>`;
}

/** The role and the session, as both operations return them. */
export function assumedRoleXml({ roleArn, sessionName }: Session): string {
  // The id of a role is the same in all sessions.
  const roleId = awsIdentifier('AROA', Buffer.from(roleArn).subarray(-16));
  return `<AssumedRoleUser>
      <AssumedRoleId>${roleId}:${escapeXml(sessionName)}</AssumedRoleId>
      <Arn>${escapeXml(assumedRoleArn(roleArn, sessionName))}</Arn>
    </AssumedRoleUser>`;
}
