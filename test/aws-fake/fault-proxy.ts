/** A TCP proxy that fails as networks do. The bytes are those of TLS, so no fault depends on what they contain. */
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to one connection. */
export type Passage =
  | { readonly kind: 'pass' }
  /** A black hole: accepted, but this number of bytes of the server, and then nothing, comes back. Default: 0. */
  | { readonly kind: 'swallow'; readonly afterBytes?: number }
  /** A TCP reset after this number of bytes of the server. Default: 0, at once. */
  | { readonly kind: 'reset'; readonly afterBytes?: number };

/** @param connection the number of the connection, from 1 @returns what happens to it */
export type ChoosePassage = (connection: number) => Passage;

export interface FaultProxy {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Decides about each connection that comes from now on. */
  choose(choose: ChoosePassage): void;
  /** Refuses connections. */
  refuse(): Promise<void>;
  /** Accepts connections again. */
  accept(): Promise<void>;
  /** Ends all connections. The next ones pass, and are counted from 1. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

const PASS_ALL: ChoosePassage = () => ({ kind: 'pass' });

/** Starts a proxy on loopback. All connections pass at first. */
export async function startFaultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let choose = PASS_ALL;
  let connections = 0;
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (client) => {
    connections += 1;
    track(client);
    const passage = choose(connections);
    if (passage.kind !== 'pass' && (passage.afterBytes ?? 0) === 0) {
      if (passage.kind === 'reset') client.resetAndDestroy();
      else client.resume();
      return;
    }
    const upstream = track(connect({ host: target.host, port: target.port, noDelay: true }));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream, { end: false });
    relay(upstream, client, passage);
  });
  const port = await listen(server, 0);
  const accept = async () => {
    if (!server.listening) await listen(server, port);
  };
  return {
    port,
    get connections() {
      return connections;
    },
    choose: (given) => {
      choose = given;
    },
    refuse: () => close(server, sockets),
    accept,
    reset: async () => {
      for (const socket of sockets) socket.destroy();
      choose = PASS_ALL;
      connections = 0;
      await accept();
    },
    stop: async () => {
      if (server.listening) await close(server, sockets);
    },
  };
}

/** The first connections fail, and the others pass. */
export function first(count: number, passage: Passage): ChoosePassage {
  return (connection) => (connection <= count ? passage : { kind: 'pass' });
}

/** Black holes for a share of the connections, by pseudorandom numbers from 0 to 1. */
export function lossy(share: number, random: () => number): ChoosePassage {
  return () => (random() < share ? { kind: 'swallow' } : { kind: 'pass' });
}

/** Passes the bytes of the server, up to the fault. */
function relay(upstream: Socket, client: Socket, passage: Passage): void {
  let left = passage.kind === 'pass' ? Number.POSITIVE_INFINITY : (passage.afterBytes ?? 0);
  upstream.on('data', (chunk: Buffer) => {
    if (left > 0) client.write(chunk.subarray(0, Math.min(left, chunk.length)));
    left -= chunk.length;
    if (left <= 0 && passage.kind === 'reset') client.resetAndDestroy();
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Closes the listening socket and all connections. */
function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
