/** Clients of the webhook, over real sockets. */
import http from 'node:http';
import https from 'node:https';
import { connect, type TLSSocket } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface PostOptions {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: https.Agent;
}

/** Sends a body to the HTTPS server, by default as an API server would. */
export function postReview(port: number, body: string | Buffer, options: PostOptions = {}): Promise<Answer> {
  const { path = '/mutate?timeout=5s', method = 'POST', headers = {}, agent } = options;
  return answerOf(
    https.request({
      host: '127.0.0.1',
      port,
      path,
      method,
      rejectUnauthorized: false,
      headers: {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        ...headers,
      },
      agent: agent ?? false,
    }),
    body,
  );
}

/** Asks the plain HTTP server. */
export function plainGet(port: number, path: string, method = 'GET'): Promise<Answer> {
  return answerOf(http.request({ host: '127.0.0.1', port, path, method, agent: false }));
}

function answerOf(request: http.ClientRequest, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.end(body);
  });
}

export interface RawConnection {
  readonly socket: TLSSocket;
  /** Everything received so far. */
  readonly received: () => string;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
  /** Resolves when what was received matches. */
  waitFor(pattern: RegExp): Promise<void>;
}

/** A TLS connection on which a test writes what it likes. */
export function connectRaw(port: number, alpn?: readonly string[]): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    });
    let text = '';
    const waiting = new Set<() => void>();
    const tell = (): void => {
      for (const look of waiting) look();
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      tell();
    });
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    socket.once('error', reject);
    socket.on('error', () => undefined);
    const waitFor = (pattern: RegExp): Promise<void> =>
      new Promise((found, failed) => {
        const look = (): void => {
          if (pattern.test(text)) found();
        };
        waiting.add(look);
        void closed.then(() => failed(new Error(`closed; received ${JSON.stringify(text)}`)));
        look();
      });
    socket.once('secureConnect', () => resolve({ socket, received: () => text, closed, waitFor }));
  });
}
