/** AssumeRole: a session of a role for a caller that already has credentials. */
import { AwsError } from './aws-error.ts';
import type { Incoming } from './incoming.ts';
import { type Reply, xmlReply } from './reply.ts';
import { assumedRoleArn, type Role } from './roles.ts';
import { readTags } from './session-tags.ts';
import type { Session } from './sessions.ts';
import { verifySignature } from './sigv4.ts';
import { assumedRoleXml, credentialsXml, STS_VERSION, type StsState, validateRole } from './sts.ts';
import { matchesWildcard } from './wildcard.ts';

/** Responds to a signed request. @throws AwsError as STS responds */
export function answerAssumeRole(incoming: Incoming, state: StsState): Reply {
  const { form } = incoming;
  if (form.get('Version') !== STS_VERSION)
    throw new AwsError('InvalidAction', 'Could not find operation AssumeRole');
  const now = state.now();
  const caller = stsErrors(() => verifySignature(incoming, 'sts', state.sessions, now));
  const input = validateRole(form);
  const tags = readTags(form);
  const role = state.roles.get(input.roleArn);
  const callerRole = state.roles.get(caller.roleArn);
  const isTrusted =
    role?.trustedRoles?.some((pattern) => matchesWildcard(pattern, caller.roleArn)) === true &&
    (role.externalId === undefined || form.get('ExternalId') === role.externalId);
  const mayAssume =
    callerRole?.mayAssume?.some((pattern) => matchesWildcard(pattern, input.roleArn)) === true;
  if (role === undefined || !isTrusted || !mayAssume) throw denied(caller, 'sts:AssumeRole', input.roleArn);
  const isTagging = Object.keys(tags).length > 0 || caller.transitiveTags.length > 0;
  if (isTagging && !(mayTag(role) && mayTag(callerRole)))
    throw denied(caller, 'sts:TagSession', input.roleArn);
  if (Object.keys(tags).some((key) => caller.transitiveTags.includes(key))) {
    throw new AwsError(
      'InvalidParameterValue',
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  if (input.durationSeconds > 3600) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  const expiresAt = now + input.durationSeconds * 1000;
  const session = state.sessions.start(role.arn, input.sessionName, expiresAt, caller.transitiveTags);
  return xmlReply(
    200,
    (requestId) => `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    ${assumedRoleXml(session)}
    ${credentialsXml(session)}
  </AssumeRoleResult>
  <ResponseMetadata>
    <RequestId>${requestId}</RequestId>
  </ResponseMetadata>
</AssumeRoleResponse>
`,
  );
}

function mayTag(role: Role | undefined): boolean {
  return role?.mayTag ?? true;
}

function denied({ roleArn, sessionName }: Session, action: string, resource: string): AwsError {
  const user = assumedRoleArn(roleArn, sessionName);
  return new AwsError(
    'AccessDenied',
    `User: ${user} is not authorized to perform: ${action} on resource: ${resource}`,
    403,
  );
}

/** STS has other codes than Secrets Manager for rejected signatures, and status 403. */
const CODES: Readonly<Record<string, string>> = {
  InvalidSignatureException: 'SignatureDoesNotMatch',
  UnrecognizedClientException: 'InvalidClientTokenId',
  ExpiredTokenException: 'ExpiredToken',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  IncompleteSignatureException: 'IncompleteSignature',
};

function stsErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(CODES[error.code] ?? error.code, error.message, 403);
  }
}
