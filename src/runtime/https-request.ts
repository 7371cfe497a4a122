/** One request of `node:https` with limits on its time and on the size of its answer. */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  ABORTED,
  type Answer,
  CONNECT_TIMEOUT,
  codeOf,
  type RequestLimits,
  TIMEOUT,
  TOO_LARGE,
  TRUNCATED,
  UNREADABLE,
} from './answer.ts';

export interface ConnectLimits extends RequestLimits {
  /** Until the TLS handshake is done. Only for requests that open a connection of their own. */
  readonly connect?: number;
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
  readonly limits: ConnectLimits;
  readonly signal?: AbortSignal;
}

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
