/** What went wrong with a call to AWS, reduced to what may be repeated: a code, a status, a class of network failure. */
import type { FailureClass } from './retry.ts';

/** An error answer of AWS. Its message is dropped: it may quote what was sent. */
export class AwsFailure extends Error {
  readonly code: string;
  readonly status: number;
  /** Decided while the message was still at hand. */
  readonly detail: 'kms' | 'deleted' | undefined;

  constructor(code: string, status: number, detail?: 'kms' | 'deleted') {
    super('an AWS call failed');
    this.code = /^[\w.:-]{1,80}$/.test(code) ? code : 'Unknown';
    this.status = status;
    this.detail = detail;
  }
}

/** No answer, or none that could be read. */
export class NetworkFailure extends Error {
  /** One of a closed set, such as ECONNREFUSED, TIMEOUT or TRUNCATED. */
  readonly kind: string;

  constructor(kind: string) {
    super('a network call failed');
    this.kind = /^[A-Z][A-Z0-9_]{2,40}$/.test(kind) ? kind : 'UNREADABLE';
  }
}

const THROTTLES: ReadonlySet<string> = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'LimitExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'ProvisionedThroughputExceededException',
]);
const DENIED: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'UnauthorizedOperation',
]);
// STS says InvalidIdentityToken also while it cannot fetch the cluster's keys, which passes.
const PASSING: ReadonlySet<string> = new Set([
  'InvalidIdentityToken',
  'IDPCommunicationError',
  'IncompleteAnswer',
  'RequestTimeout',
  'InternalFailure',
  'InternalServiceError',
  'RequestTimeTooSkewed',
]);

export function isDenied(failure: AwsFailure): boolean {
  return DENIED.has(failure.code);
}

/** Whether there is no such secret or version; one that is scheduled for deletion counts as gone. */
export function isAbsence(error: unknown): boolean {
  return (
    error instanceof AwsFailure && (error.code === 'ResourceNotFoundException' || error.detail === 'deleted')
  );
}

export function isThrottled(error: unknown): boolean {
  return error instanceof AwsFailure && (THROTTLES.has(error.code) || error.status === 429);
}

// Also what a node's wrong clock looks like; the SDK learns the right time from the refusal, so the next try may pass.
const REFUSED_CREDENTIALS: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'RequestExpired',
  'RequestInTheFuture',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredTokenException',
  'ExpiredToken',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
]);

/** Whether a service refused the session rather than what was asked of it. */
export function refusesCredentials(failure: AwsFailure): boolean {
  return REFUSED_CREDENTIALS.has(failure.code);
}

/** A failure in a few words, none of them the service's own. */
export function describeFailure(error: unknown): string {
  if (error instanceof NetworkFailure) return wordFor(error.kind);
  if (!(error instanceof AwsFailure)) return 'no answer';
  return error.status >= 500 || error.status < 400
    ? `HTTP ${error.status}`
    : `HTTP ${error.status} ${error.code}`;
}

function wordFor(kind: string): string {
  if (kind === 'TIMEOUT' || kind === 'ETIMEDOUT' || kind === 'ABORT_ERR') return 'timeout: no answer in time';
  if (kind === 'ECONNREFUSED') return 'connection refused';
  if (kind === 'ECONNRESET' || kind === 'EPIPE') return 'connection reset';
  if (kind === 'ENOTFOUND' || kind.startsWith('EAI_')) return `DNS: the name was not found (${kind})`;
  if (kind === 'TRUNCATED' || kind === 'UNREADABLE') return 'an answer that was cut off or could not be read';
  if (/CERT|TLS|SSL|SIGNATURE|ISSUER/.test(kind)) return `TLS: ${kind}`;
  return kind;
}

/** How a failure is to be taken: by the kind of code and by HTTP status, never by message. */
export function classify(error: unknown): FailureClass {
  if (error instanceof NetworkFailure) return 'transient';
  if (!(error instanceof AwsFailure)) return 'final';
  if (isThrottled(error)) return 'throttled';
  if (error.status >= 500 || error.status === 408 || PASSING.has(error.code)) return 'transient';
  if (error.detail === 'deleted') return 'final';
  if (/^(?:InvalidSignature|SignatureDoes|RequestExpired|RequestInThe)/.test(error.code)) return 'settling';
  if (error.code === 'ResourceNotFoundException' || isDenied(error) || error.detail === 'kms')
    return 'settling';
  return 'final';
}
