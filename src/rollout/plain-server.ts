/** Plain HTTP servers for probes and metrics. Their answers contain nothing about workloads or secrets. */
import http from 'node:http';

export interface PlainAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Answerer = () => PlainAnswer | Promise<PlainAnswer>;

const MOST_CONNECTIONS = 128;

/** Makes a server that answers GET and HEAD on some paths. */
export function makePlainServer(paths: Readonly<Record<string, Answerer>>): http.Server {
  const options = {
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 75_000,
    maxHeaderSize: 8192,
  };
  const server = http.createServer(options, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answerer = Object.hasOwn(paths, path) ? paths[path] : undefined;
    const isAllowed = request.method === 'GET' || request.method === 'HEAD';
    if (answerer === undefined || !isAllowed) {
      response.writeHead(answerer === undefined ? 404 : 405, { connection: 'close' }).end();
      return;
    }
    // An answer that cannot be made ends the connection; Prometheus and the kubelet count that as a failure.
    Promise.resolve(answerer()).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.destroy(),
    );
  });
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

/** @param host undefined for all addresses @returns the port @throws Error if the port is in use */
export function listen(server: http.Server, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
