/** A real HTTP proxy: CONNECT alone, to one target whatever the host, because the tests have no DNS. */
import { createServer } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly url: string;
  /** The authority of each CONNECT, such as `sts.eu-west-1.amazonaws.com:443`. */
  readonly asked: string[];
  /** The header proxy-authorization of each CONNECT. */
  readonly authorizations: (string | undefined)[];
  /** Connections, including those without a complete request. */
  readonly connections: number;
  /** Queued answers that replace the tunnel: bytes to send before closing, or `hang`. The last one stays. */
  script(...answers: readonly string[]): void;
  stop(): Promise<void>;
}

/** Starts a proxy on loopback. */
export async function startConnectProxy(target: { host: string; port: number }): Promise<ConnectProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  let script: string[] = [];
  let connections = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer();
  server.on('connection', (socket) => {
    connections += 1;
    keep(socket);
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(request.url ?? '');
    authorizations.push(request.headers['proxy-authorization']);
    const answer = script.length > 1 ? script.shift() : script[0];
    if (answer === 'hang') return;
    if (answer !== undefined && answer !== 'tunnel') {
      client.end(answer);
      return;
    }
    const upstream = keep(
      net.connect(target, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n')),
    );
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    authorizations,
    get connections() {
      return connections;
    },
    script: (...answers) => {
      script = [...answers];
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
