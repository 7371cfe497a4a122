/**
 * One HTTPS request with limits on its time and on the size of its answer. A failure is a code from a closed form, never
 * the message of an error, which may quote what was sent or received.
 */
import http from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';

/** Limits of one request, in milliseconds and bytes. */
export interface RequestLimits {
  /** Until the TLS handshake is done. Only for requests that open a connection of their own. */
  readonly connect?: number;
  /** Without any byte, including while connecting. */
  readonly silence?: number;
  /** From the start to the end of the answer. A peer that sends a byte now and then is never silent. */
  readonly total: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

export interface Request {
  /** Plain http is possible for loopback endpoints; the caller checks that. */
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `false` for a connection of its own, which closes with the answer. */
  readonly agent?: http.Agent | false | undefined;
  /** The only certificate authority to trust, in PEM; by default those of the platform. */
  readonly ca?: string;
  /** Answers with the peer's certificate instead of verifying it. Only for a comparison with a known certificate. */
  readonly comparesPeer?: true;
  readonly limits: RequestLimits;
  readonly signal?: AbortSignal;
}

/** A complete answer. */
export interface Received {
  readonly ok: true;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The certificate of the server, on request. */
  readonly peer: Buffer | undefined;
}

export type Answer =
  | Received
  /** The code of the system or of TLS, such as ECONNREFUSED, or one of the codes below. */
  | { readonly ok: false; readonly code: string };

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

/** Sends a request and reads the whole answer. Never rejects. */
export function sendRequest(options: Request): Promise<Answer> {
  const { body, limits, signal } = options;
  return new Promise((resolve) => {
    let sent: http.ClientRequest;
    try {
      sent = start(options);
    } catch {
      // Node throws for headers and certificate authorities that are not valid.
      resolve({ ok: false, code: UNREADABLE });
      return;
    }
    const timers: NodeJS.Timeout[] = [];
    const end = (answer: Answer): void => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve(answer);
      if (!answer.ok) sent.destroy();
    };
    const fail = (code: string): void => end({ ok: false, code });
    const abort = (): void => fail(ABORTED);
    timers.push(setTimeout(() => fail(TIMEOUT), limits.total));
    if (limits.connect !== undefined) {
      const connecting = setTimeout(() => fail(CONNECT_TIMEOUT), limits.connect);
      timers.push(connecting);
      sent.on('socket', (socket) => socket.once('secureConnect', () => clearTimeout(connecting)));
    }
    sent.on('timeout', () => fail(TIMEOUT));
    sent.on('error', (error) => fail(codeOf(error)));
    sent.on('response', (response) => {
      const peer =
        options.comparesPeer === true ? (response.socket as TLSSocket).getPeerCertificate().raw : undefined;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > limits.bytes) fail(TOO_LARGE);
      });
      response.on('error', () => fail(TRUNCATED));
      response.on('close', () => {
        if (!response.complete) fail(TRUNCATED);
        else {
          const { statusCode: status = 0, headers } = response;
          end({ ok: true, status, headers, body: Buffer.concat(chunks), peer });
        }
      });
    });
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    else sent.end(body);
  });
}

function start({ url, method, headers, body, agent, ca, limits, comparesPeer }: Request): http.ClientRequest {
  return (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
    ...(limits.silence === undefined ? {} : { timeout: limits.silence }),
    ...(agent === undefined ? {} : { agent }),
    ...(ca === undefined ? {} : { ca }),
    ...(comparesPeer === true ? { rejectUnauthorized: false } : {}),
  });
}

/** The code of a network error. */
function codeOf(error: NodeJS.ErrnoException): string {
  const { code } = error;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,62}$/.test(code) ? code : UNREADABLE;
}
