/** Receivers of traces that do not do what a receiver should. */
import { once } from 'node:events';
import http from 'node:http';
import { onTestFinished } from 'vitest';

/** Each gets a request and its response. */
export const BAD_RECEIVERS: Readonly<Record<string, http.RequestListener>> = {
  'that never answers': () => undefined,
  'that answers with garbage': (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end('<html>\0\xff');
  },
  'that refuses everything': (_request, response) => {
    response.writeHead(503).end('later');
  },
  'that redirects elsewhere': (_request, response) => {
    response.writeHead(307, { location: 'http://192.0.2.1/' }).end();
  },
  'whose answer never ends': (_request, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(16 * 1024)));
      response.once('drain', more);
    };
    more();
  },
  'that resets every connection': ({ socket }) => {
    socket.resetAndDestroy();
  },
};

export interface BadReceiver {
  readonly endpoint: string;
  /** How many requests arrived. */
  readonly requests: () => number;
}

/** Starts a receiver that ends with the test. */
export async function startBadReceiver(answer: http.RequestListener): Promise<BadReceiver> {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    response.on('error', () => undefined);
    request.resume();
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { endpoint: `http://127.0.0.1:${port}/v1/traces`, requests: () => requests };
}

/** An endpoint where nothing listens. */
export const NO_RECEIVER = 'http://127.0.0.1:9/v1/traces';
