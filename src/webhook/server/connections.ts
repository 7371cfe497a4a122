/**
 * The open connections of a server. At the limit, a new connection takes the place of an idle one: that which has been idle
 * for longest, among those of the address with the most connections. So one client, whatever it opens, cannot keep another
 * client out. A connection with a request in progress never gives way.
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

/** Why a connection was closed early, for a metric. */
export type DropReason = 'idle' | 'limit';

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  requests: number;
  isSilent: boolean;
}

/**
 * Tracks and limits the connections of a server.
 * @param most connections at once
 * @param dropped is called for each connection that gives way, or that finds no place
 */
export function followConnections(
  server: HttpServer | HttpsServer,
  most: number,
  dropped: (reason: DropReason) => void,
): Connections {
  const all = new Set<Connection>();
  // A TLS socket and the socket below it have the same port of the client.
  const byClient = new Map<string, Connection>();
  /** Idle connections of each address, longest idle first. */
  const idle = new Map<string, Set<Connection>>();
  const counts = new Map<string, number>();

  server.on('connection', (socket: Socket) => {
    if (all.size >= most && !makeRoom()) {
      dropped('limit');
      socket.destroy();
      return;
    }
    const connection = { socket, address: socket.remoteAddress ?? '', requests: 0, isSilent: true };
    const client = clientOf(socket);
    all.add(connection);
    byClient.set(client, connection);
    counts.set(connection.address, (counts.get(connection.address) ?? 0) + 1);
    rest(connection);
    socket.once('close', () => {
      if (byClient.get(client) === connection) byClient.delete(client);
      forget(connection);
    });
  });

  function forget(connection: Connection): void {
    if (!all.delete(connection)) return;
    work(connection);
    const left = (counts.get(connection.address) ?? 1) - 1;
    if (left > 0) counts.set(connection.address, left);
    else counts.delete(connection.address);
  }

  function rest(connection: Connection): void {
    const resting = idle.get(connection.address);
    if (resting === undefined) idle.set(connection.address, new Set([connection]));
    else resting.add(connection);
  }

  function work(connection: Connection): void {
    const resting = idle.get(connection.address);
    resting?.delete(connection);
    if (resting?.size === 0) idle.delete(connection.address);
  }

  /** @returns false if every connection has a request in progress */
  function makeRoom(): boolean {
    let largest: Set<Connection> | undefined;
    let count = 0;
    for (const [address, resting] of idle) {
      const open = counts.get(address) ?? 0;
      if (open > count) [largest, count] = [resting, open];
    }
    const [longest] = largest ?? [];
    if (longest === undefined) return false;
    // Its place is free at once, while the system closes the socket.
    forget(longest);
    longest.socket.destroy();
    dropped('idle');
    return true;
  }

  return {
    begin(request, response) {
      const connection = byClient.get(clientOf(request.socket));
      if (connection === undefined) return;
      connection.isSilent = false;
      connection.requests += 1;
      work(connection);
      response.once('close', () => {
        connection.requests -= 1;
        if (connection.requests === 0 && all.has(connection)) rest(connection);
      });
    },
    reset: (socket) => {
      const below = byClient.get(clientOf(socket))?.socket;
      if (below?.destroyed === false) below.resetAndDestroy();
      socket.destroy();
    },
    closeSilent: () => {
      for (const { socket, isSilent } of all) if (isSilent) socket.destroy();
    },
    closeAll: () => {
      for (const { socket } of all) socket.destroy();
    },
  };
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remotePort} ${remoteAddress}`;
}
