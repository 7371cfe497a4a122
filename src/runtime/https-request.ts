/**
 * One HTTPS request with limits on its time and on the size of its answer. A failure is a code from a closed form, never
 * the message of an error, which may quote what was sent or received.
 */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Limits of one request, in milliseconds and bytes. */
export interface RequestLimits {
  /** Until the TLS handshake is done. Only for requests that open a connection of their own. */
  readonly connect?: number;
  /** Without progress: a connection, a handshake, or bytes of the answer. */
  readonly silence?: number;
  /** From the start to the end of the answer. A peer that sends a byte now and then is never silent. */
  readonly total: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

export interface Request {
  /** Plain http is possible for loopback endpoints; the caller checks that. */
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
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
    let silence: Silence | undefined;
    const end = (answer: Answer): void => {
      for (const timer of timers) clearTimeout(timer);
      silence?.stop();
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
    const { silence: quiet } = limits;
    if (quiet !== undefined)
      sent.on('socket', (socket) => {
        silence = watchSilence(socket, quiet, () => fail(TIMEOUT));
      });
    sent.on('error', (error) => fail(codeOf(error)));
    sent.on('response', (response) => {
      silence?.refresh();
      const peer =
        options.comparesPeer === true ? (response.socket as TLSSocket).getPeerCertificate().raw : undefined;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        silence?.refresh();
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

interface Silence {
  refresh(): void;
  stop(): void;
}

/** Steps of a connection. */
const STEPS = ['lookup', 'connect', 'secureConnect'];

/**
 * Not the option `timeout` of Node.js: while a request waits for a handshake, it takes twice as long.
 * @param most milliseconds
 */
function watchSilence(socket: Socket, most: number, fail: () => void): Silence {
  const timer = setTimeout(fail, most);
  const refresh = () => void timer.refresh();
  for (const step of STEPS) socket.on(step, refresh);
  return {
    refresh,
    stop: () => {
      clearTimeout(timer);
      for (const step of STEPS) socket.off(step, refresh);
    },
  };
}

function start({ url, method, headers, body, agent, ca, comparesPeer }: Request): http.ClientRequest {
  return (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
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
