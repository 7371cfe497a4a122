/**
 * The open connections of a server. At the limit, a new connection takes the place of another, so that no client can keep
 * others out: the longest waiting one among those without any request and those with a request in progress, of which an API
 * server's takes milliseconds. If none waits for long, the longest idle one between two requests gives way. Of idle
 * connections, those of the address with the most come first.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';

export interface Connections {
  /** Notes a request. Its connection is idle again when the response closes. */
  begin(request: IncomingMessage, response: ServerResponse): void;
  /** Closes a connection with TCP's reset, so that the kernel drops what the client did not read. */
  reset(socket: Socket): void;
  /** Closes connections that never sent a request. */
  closeSilent(): void;
  /** Closes all connections, including those in a handshake. */
  closeAll(): void;
}

/** Why a connection gave way, for a metric. */
export type DropReason = 'idle' | 'stalled';

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  requests: number;
  /** Since when it is in its place. */
  since: number;
  /** Where the connection waits to give way. */
  place: Resting | Set<Connection>;
}

/** An API server begins and ends a request within this time, unless the machine is overloaded. */
const LONG_MILLISECONDS = 1_000;

/** Idle connections by address. */
class Resting {
  /** Of each address, longest idle first. */
  readonly #byAddress = new Map<string, Set<Connection>>();

  add(connection: Connection): void {
    const others = this.#byAddress.get(connection.address);
    if (others === undefined) this.#byAddress.set(connection.address, new Set([connection]));
    else others.add(connection);
  }

  delete(connection: Connection): void {
    const others = this.#byAddress.get(connection.address);
    others?.delete(connection);
    if (others?.size === 0) this.#byAddress.delete(connection.address);
  }

  /** The longest idle connection of the address with the most. */
  get first(): Connection | undefined {
    let largest: ReadonlySet<Connection> = new Set();
    for (const one of this.#byAddress.values()) if (one.size > largest.size) largest = one;
    const [longest] = largest;
    return longest;
  }
}

/**
 * Tracks and limits the connections of a server.
 * @param most connections at once
 * @param dropped is called for each connection that gives way
 */
export function followConnections(
  server: HttpServer | HttpsServer,
  most: number,
  dropped: (reason: DropReason) => void,
): Connections {
  const all = new Set<Connection>();
  // A TLS socket and the socket below it have the same port of the client.
  const byClient = new Map<string, Connection>();
  const silent = new Resting();
  const idle = new Resting();
  /** Connections with requests in progress, in the order of their first. */
  const busy = new Set<Connection>();

  server.on('connection', (socket: Socket) => {
    if (all.size >= most) makeRoom();
    const address = socket.remoteAddress ?? '';
    const connection = { socket, address, requests: 0, since: performance.now(), place: silent };
    const client = clientOf(socket);
    all.add(connection);
    byClient.set(client, connection);
    silent.add(connection);
    socket.once('close', () => {
      if (byClient.get(client) === connection) byClient.delete(client);
      forget(connection);
    });
  });

  function forget(connection: Connection): void {
    if (all.delete(connection)) connection.place.delete(connection);
  }

  function move(connection: Connection, place: Connection['place']): void {
    connection.place.delete(connection);
    connection.place = place;
    connection.since = performance.now();
    place.add(connection);
  }

  function makeRoom(): void {
    const [stalled] = busy;
    const unused = silent.first;
    const waiting = longest(stalled, unused);
    const isLong = waiting !== undefined && performance.now() - waiting.since >= LONG_MILLISECONDS;
    const gone = isLong ? waiting : (longest(idle.first, unused) ?? stalled);
    if (gone === undefined) return;
    dropped(gone.place === busy ? 'stalled' : 'idle');
    // Its place is free at once, while the system closes the socket.
    forget(gone);
    reset(gone.socket);
  }

  return {
    begin(request, response) {
      const connection = byClient.get(clientOf(request.socket));
      if (connection === undefined || !all.has(connection)) return;
      connection.requests += 1;
      if (connection.requests === 1) move(connection, busy);
      response.once('close', () => {
        connection.requests -= 1;
        if (connection.requests === 0 && all.has(connection)) move(connection, idle);
      });
    },
    reset: (socket) => {
      const below = byClient.get(clientOf(socket))?.socket;
      if (below !== undefined) reset(below);
      socket.destroy();
    },
    closeSilent: () => {
      for (const { socket, place } of all) if (place === silent) socket.destroy();
    },
    closeAll: () => {
      for (const { socket } of all) socket.destroy();
    },
  };
}

/** Of two connections, that which has been in its place for longer. */
function longest(one: Connection | undefined, other: Connection | undefined): Connection | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.since < other.since ? one : other;
}

/** Closes with TCP's reset, with which the kernel drops what the client did not read. */
function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remotePort} ${remoteAddress}`;
}
