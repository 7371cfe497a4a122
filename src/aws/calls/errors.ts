/** Failed calls to AWS, reduced to what may be repeated in messages: a code, a status, a class of network failure. */
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import type { FailureClass } from './retry.ts';

/** An error of AWS. Its message is dropped, because it may quote the request. */
export class AwsFailure extends Error {
  readonly code: string;
  readonly status: number;
  /** Read from the message while it was available. */
  readonly detail: Detail | undefined;
  readonly denial: Denial | undefined;
  /** When AWS answered by its own clock, in milliseconds since 1970; read where the clock of the caller matters. */
  readonly answeredAt: number | undefined;

  constructor(code: string, status: number, detail?: Detail, denial?: Denial, answeredAt?: number) {
    super('an AWS call failed');
    this.answeredAt = answeredAt;
    this.code = /^[\w.:-]{1,80}$/.test(code) ? code : 'Unknown';
    this.status = status;
    this.detail = detail;
    this.denial = denial;
  }
}

/** What the message of an error says beyond its code. */
export type Detail =
  /** The KMS key cannot be used. */
  | 'kms'
  /** The secret of another account uses the key that AWS manages, which cannot be shared. */
  | 'kms-default-key'
  /** The secret is scheduled for deletion. */
  | 'deleted'
  /** The account of the role has no identity provider for the issuer of the token. */
  | 'oidc-provider'
  /** The identity provider does not list the audience of the token. */
  | 'audience'
  /** The clock of the caller is wrong. */
  | 'clock'
  /** The caller is not allowed to set session tags. */
  | 'tag-session';

/** A kind of policy that can deny a call. */
export type PolicyKind =
  | 'identity'
  | 'resource'
  | 'service-control'
  | 'resource-control'
  | 'boundary'
  | 'session'
  | 'endpoint'
  | 'trust';

/** The policy that denied a call: it contains a deny, or lacks an allow. */
export interface Denial {
  readonly policy: PolicyKind;
  readonly isExplicit: boolean;
}

/** No answer, or an answer that could not be read. */
export class NetworkFailure extends Error {
  /** A code such as ECONNREFUSED, TIMEOUT or TRUNCATED; `NOT_AWS` if something else answered. */
  readonly kind: string;
  /** The status of what answered. */
  readonly status: number | undefined;

  constructor(kind: string, status?: number) {
    super('a network call failed');
    this.status = status;
    this.kind = /^[A-Z][A-Z0-9_]{2,62}$/.test(kind) ? kind : 'UNREADABLE';
  }
}

/** How the fetcher reacts to an error. */
export interface ErrorRow {
  /** How to retry. */
  readonly retry: FailureClass;
  /** The problem of a secret that could not be read because of it. */
  readonly problem: FetchCode;
  /** Whether the secret or the version does not exist, so that an optional reference has no value. */
  readonly isAbsence?: true;
  /** Whether to sign in again before the next try. */
  readonly signsInAgain?: true;
  /** What to do if the error is returned at sign-in. Advice that depends on the identity is in `credentials/refusals.ts`. */
  readonly signInAdvice?: string;
}

/** The code of an answer of STS without credentials. */
export const INCOMPLETE_ANSWER = 'IncompleteAnswer';

const THROTTLED: ErrorRow = { retry: 'throttled', problem: 'AWS_THROTTLED' };
const TRANSIENT: ErrorRow = { retry: 'transient', problem: 'AWS_UNAVAILABLE' };
const DENIED: ErrorRow = { retry: 'settling', problem: 'AWS_ACCESS_DENIED' };
const SESSION_REJECTED: ErrorRow = { retry: 'final', problem: 'IDENTITY_REFUSED' };
const EXPIRED: ErrorRow = {
  ...SESSION_REJECTED,
  signsInAgain: true,
  signInAdvice: 'check the clock of the node; the token expired before it was used',
};
/** Also the effect of a wrong clock. The right time is in the error, so the next try may succeed. */
const SIGNATURE_REJECTED: ErrorRow = { retry: 'settling', problem: 'IDENTITY_REFUSED' };
const OTHER: ErrorRow = { retry: 'final', problem: 'SECRET_REFUSED' };

/** One row for each error code of STS and Secrets Manager. Adding an error means adding a row. */
export const ERRORS: Readonly<Record<string, ErrorRow>> = {
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  ThrottledException: THROTTLED,
  RequestThrottled: THROTTLED,
  RequestThrottledException: THROTTLED,
  TooManyRequestsException: THROTTLED,
  LimitExceededException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  SlowDown: THROTTLED,
  ProvisionedThroughputExceededException: THROTTLED,

  RequestTimeout: TRANSIENT,
  InternalFailure: TRANSIENT,
  InternalServiceError: TRANSIENT,
  RequestTimeTooSkewed: TRANSIENT,
  [INCOMPLETE_ANSWER]: TRANSIENT,
  // STS also returns this error while it cannot get the keys of the OIDC issuer, a transient condition.
  InvalidIdentityToken: TRANSIENT,
  IDPCommunicationError: TRANSIENT,

  AccessDenied: DENIED,
  AccessDeniedException: DENIED,
  UnauthorizedOperation: DENIED,

  ResourceNotFoundException: { retry: 'settling', problem: 'SECRET_NOT_FOUND', isAbsence: true },

  InvalidSignatureException: SIGNATURE_REJECTED,
  SignatureDoesNotMatch: SIGNATURE_REJECTED,
  RequestExpired: SIGNATURE_REJECTED,
  RequestInTheFuture: SIGNATURE_REJECTED,
  UnrecognizedClientException: SESSION_REJECTED,
  InvalidClientTokenId: SESSION_REJECTED,
  MissingAuthenticationTokenException: SESSION_REJECTED,
  IncompleteSignatureException: SESSION_REJECTED,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,

  ValidationError: {
    ...OTHER,
    signInAdvice: 'use the complete ARN of the role',
  },
  RegionDisabledException: {
    ...OTHER,
    signInAdvice:
      'activate STS in this Region, or ask the operator to set AWS_REGION in fetcher-env to a Region where STS is active',
  },
};

/** Errors that differ only in their message. `messages.ts` reads the message. */
const DETAILS: Readonly<Record<Detail, Partial<ErrorRow> & { readonly isLasting?: true }>> = {
  kms: { retry: 'settling', problem: 'AWS_KMS_DENIED' },
  'kms-default-key': { retry: 'final', problem: 'AWS_KMS_DENIED' },
  deleted: { retry: 'final', problem: 'SECRET_DELETED', isAbsence: true },
  // Right after a provider was created, STS may not know it yet. Otherwise the error lasts, unlike others of its code.
  'oidc-provider': { retry: 'settling', isLasting: true },
  audience: { retry: 'settling', isLasting: true },
  clock: {},
  'tag-session': { retry: 'settling' },
};

/** Problems that name a cause. A status, such as 503, does not change them. */
const CAUSES: ReadonlySet<FetchCode> = new Set([
  'AWS_ACCESS_DENIED',
  'AWS_KMS_DENIED',
  'SECRET_DELETED',
  'SECRET_NOT_FOUND',
]);

/** The row of any failure: that of its code, with what the message and the status add. */
export function rowOf(failure: unknown): ErrorRow {
  if (failure instanceof NetworkFailure) return TRANSIENT;
  if (!(failure instanceof AwsFailure)) return { ...TRANSIENT, retry: 'final' };
  const { code, status, detail } = failure;
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined;
  const { isLasting, ...change } = detail === undefined ? {} : DETAILS[detail];
  const row: ErrorRow = { ...(known ?? OTHER), ...change };
  const passing = passingRow(isLasting === true ? row : known, status);
  if (passing === undefined) return row;
  return { ...row, retry: passing.retry, problem: CAUSES.has(row.problem) ? row.problem : passing.problem };
}

/** The row of a transient error, if the code or the status says that it is one. */
function passingRow(known: ErrorRow | undefined, status: number): ErrorRow | undefined {
  if (known?.retry === 'throttled' || status === 429) return THROTTLED;
  return known?.retry === 'transient' || status >= 500 || status === 408 ? TRANSIENT : undefined;
}

/** How to retry after a failure. */
export function classify(failure: unknown): FailureClass {
  return rowOf(failure).retry;
}

/** Describes a failure in a few words, without text of the service. */
export function describeFailure(failure: unknown): string {
  if (failure instanceof NetworkFailure) return wordFor(failure);
  if (!(failure instanceof AwsFailure)) return 'no answer';
  return failure.status >= 500 || failure.status < 400
    ? `HTTP ${failure.status}`
    : `HTTP ${failure.status} ${failure.code}`;
}

function wordFor({ kind, status }: NetworkFailure): string {
  if (kind === 'NOT_AWS') return `HTTP ${status} from something other than AWS, such as a proxy`;
  if (kind.startsWith('PROXY_HTTP_')) return `HTTP ${kind.slice('PROXY_HTTP_'.length)} from the proxy`;
  return kind.startsWith('PROXY_')
    ? `no connection to the proxy, ${wordForCode(kind.slice('PROXY_'.length))}`
    : wordForCode(kind);
}

function wordForCode(kind: string): string {
  if (/^(?:(?:CONNECT_)?TIMEOUT|ETIMEDOUT|ABORTED|ABORT_ERR)$/.test(kind))
    return 'timeout: no answer in time';
  if (kind === 'ECONNREFUSED') return 'connection refused';
  if (kind === 'ECONNRESET' || kind === 'EPIPE') return 'connection reset';
  if (kind === 'ENOTFOUND' || kind.startsWith('EAI_')) return `DNS: the name was not found (${kind})`;
  if (kind === 'TRUNCATED' || kind === 'UNREADABLE') return 'the answer was incomplete or could not be read';
  if (kind === 'TOO_LARGE') return 'the answer was too large';
  if (isUntrusted(kind)) return `TLS: ${kind}`;
  return kind;
}

/** Whether a network failure is one of TLS. */
export function isUntrusted(kind: string): boolean {
  return /CERT|TLS|SSL|SIGNATURE|ISSUER/.test(kind);
}
