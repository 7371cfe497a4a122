/**
 * What a request over HTTP returns: a complete answer, or the code of a failure, which is never the message of an error,
 * because a message may quote what was sent or received.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** A complete answer. */
export interface Received {
  readonly ok: true;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The certificate of the server, on request. */
  readonly peer: Buffer | undefined;
}

export interface Failed {
  readonly ok: false;
  /** The code of the system or of TLS, such as ECONNREFUSED, or one of the codes below. */
  readonly code: string;
}

export type Answer = Received | Failed;

/** Limits of one request, in milliseconds and bytes. */
export interface RequestLimits {
  /** Without progress: a connection, a handshake, or bytes of the answer. */
  readonly silence?: number;
  /** From the start to the end of the answer. A peer that sends a byte now and then is never silent. */
  readonly total: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

/** The connection was not established in time. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT';
/** The answer was not complete in time. */
export const TIMEOUT = 'TIMEOUT';
/** The signal of the caller aborted the request. */
export const ABORTED = 'ABORTED';
/** The connection ended before the answer was complete. */
export const TRUNCATED = 'TRUNCATED';
/** The answer is larger than the limit. */
export const TOO_LARGE = 'TOO_LARGE';
/** Any other failure. */
export const UNREADABLE = 'UNREADABLE';

/** The code of a network error. */
export function codeOf(error: NodeJS.ErrnoException): string {
  // Codes of OpenSSL can contain a slash: ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE.
  const code = typeof error.code === 'string' ? error.code.replace('/', '_') : '';
  return /^[A-Z][A-Z0-9_]{2,62}$/.test(code) ? code : UNREADABLE;
}
