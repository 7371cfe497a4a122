/**
 * The responses of the EKS Pod Identity Agent. It checks the address and the form of the token itself, and EKS Auth
 * (AssumeRoleForPodIdentity) checks the rest. Sources: aws/eks-pod-identity-agent (pkg/handlers, pkg/errors,
 * internal/validation) and the service model of EKS Auth.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createLocalJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { TokenIssuer } from './issuer.ts';
import type { AgentFault } from './pod-identity-faults.ts';
import type { Reply } from './reply.ts';
import { accountOf } from './roles.ts';
import type { Session } from './sessions.ts';

export const POD_IDENTITY_AUDIENCE = 'pods.eks.amazonaws.com';

/** The pod of a token, by its claims. */
export interface PodIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
}

export interface AgentState {
  /** The addresses in the header `Host` that the agent accepts, without ports and brackets. */
  readonly hosts: readonly string[];
  readonly issuer: TokenIssuer;
  readonly now: () => number;
  /** Credentials of the associated role, or undefined without an association. */
  readonly startSession: (identity: PodIdentity) => Session | undefined;
}

/** Error of EKS Auth by its code: the HTTP status, and a message. */
const EKS_AUTH = {
  AccessDeniedException: [
    400,
    'Unauthorized Exception! EKS does not have permissions to assume the associated role.',
  ],
  ExpiredTokenException: [400, 'The token included in the request is expired'],
  InvalidTokenException: [400, 'The token included in the request is invalid'],
  ResourceNotFoundException: [
    404,
    'The token included in the request has no service account role association for it.',
  ],
  ThrottlingException: [429, 'Rate exceeded'],
  InternalServerException: [500, 'An error occurred on the server side.'],
  ServiceUnavailableException: [503, 'The service is unavailable.'],
} as const;

/** Responds to `GET /v1/credentials`, or with the error of a fault. */
export async function answerAgent(
  request: { readonly path: string; readonly headers: IncomingHttpHeaders },
  fault: AgentFault | undefined,
  state: AgentState,
): Promise<Reply> {
  if (request.path.split('?')[0] !== '/v1/credentials') return textReply(404, '404 page not found');
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!state.hosts.includes(host)) {
    const expected = state.hosts.join(' ');
    return textReply(
      403,
      `Access Denied. Called agent through invalid address, please use either [${expected}] address not ${host}`,
    );
  }
  const token = request.headers.authorization ?? '';
  const malformed = malformation(token, state.now());
  if (malformed !== undefined) return textReply(400, malformed);
  return faultReply(fault) ?? (await answerEksAuth(token, fault, state));
}

/** The claims of a token without verification; undefined if it is not a token. */
export function claimsOf(token: string): PodIdentity | undefined {
  try {
    return identityOf(decodeJwt(token));
  } catch {
    return undefined;
  }
}

/** The agent forwards every token that it can parse and that is not expired. */
function malformation(token: string, now: number): string | undefined {
  if (token === '') return 'Service account token cannot be empty';
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch {
    return 'Service account token cannot be parsed: token is malformed: could not base64 decode header';
  }
  if (claims.exp === undefined || claims.exp * 1000 > now) return undefined;
  return 'Service account token failed basic claim validations: token has invalid claims: token is expired';
}

async function answerEksAuth(
  token: string,
  fault: AgentFault | undefined,
  state: AgentState,
): Promise<Reply> {
  let claims: JWTPayload;
  try {
    const keys = createLocalJWKSet(await state.issuer.jwks());
    const verified = await jwtVerify(token, keys, {
      issuer: state.issuer.issuer,
      audience: POD_IDENTITY_AUDIENCE,
      currentDate: new Date(state.now()),
    });
    claims = verified.payload;
  } catch (error) {
    return eksAuthError(
      error instanceof errors.JWTExpired ? 'ExpiredTokenException' : 'InvalidTokenException',
    );
  }
  const identity = identityOf(claims);
  if (identity === undefined) return eksAuthError('InvalidTokenException');
  const session = state.startSession(identity);
  if (session === undefined) return eksAuthError('ResourceNotFoundException');
  const credentials: Readonly<Record<string, string | undefined>> = {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    Token: session.sessionToken,
    AccountId: accountOf(session.roleArn),
    Expiration: new Date(session.expiresAt).toISOString().replace(/\.000Z$/, 'Z'),
    ...(fault?.kind === 'changed' ? fault.fields : {}),
  };
  return jsonReply(JSON.stringify(credentials));
}

/** EKS Auth accepts only tokens that are bound to a pod. */
function identityOf(claims: JWTPayload): PodIdentity | undefined {
  const bound = claims['kubernetes.io'] as
    | {
        readonly namespace?: string;
        readonly pod?: { readonly name?: string };
        readonly serviceaccount?: { readonly name?: string };
      }
    | undefined;
  const { namespace, pod, serviceaccount } = bound ?? {};
  if (namespace === undefined || pod?.name === undefined || serviceaccount?.name === undefined)
    return undefined;
  if (claims.sub !== `system:serviceaccount:${namespace}:${serviceaccount.name}`) return undefined;
  return { namespace, serviceAccount: serviceaccount.name, pod: pod.name };
}

function faultReply(fault: AgentFault | undefined): Reply | undefined {
  switch (fault?.kind) {
    case 'denied':
      return eksAuthError('AccessDeniedException');
    case 'notFound':
      return eksAuthError('ResourceNotFoundException');
    case 'throttle':
      return eksAuthError('ThrottlingException');
    case 'serverError':
      return eksAuthError('InternalServerException');
    case 'unavailable':
      return eksAuthError('ServiceUnavailableException');
    case 'unreachable':
      return textReply(500, '[]');
    case 'wrongJson':
      return jsonReply(fault.body ?? '[]');
    case 'custom':
      return {
        status: fault.status,
        headers: fault.headers ?? TEXT,
        body: Buffer.from(fault.body ?? ''),
      };
    default:
      return undefined;
  }
}

/** The agent reports errors of EKS Auth as text, with the status of EKS Auth. */
function eksAuthError(code: keyof typeof EKS_AUTH): Reply {
  const [status, message] = EKS_AUTH[code];
  const fault = status < 500 ? 'client' : 'server';
  return {
    ...textReply(status, `[${randomUUID()}]: (${code}): ${message}, fault: ${fault}`),
    errorCode: code,
  };
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

function textReply(status: number, line: string): Reply {
  return { status, headers: TEXT, body: Buffer.from(`${line}\n`) };
}

function jsonReply(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
}
