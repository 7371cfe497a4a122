/**
 * The open connections of a server. At the limit, a new connection takes the place of another, so that no client can keep
 * others out. See `Clients` for which one gives way.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Clients, type Place } from './clients.ts';

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
  since: number;
  place: Place;
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
  const clients = new Clients<Connection>();
  // A TLS socket and the socket below it have the same port of the client.
  const byClient = new Map<string, Connection>();

  server.on('connection', (socket: Socket) => {
    if (clients.size >= most) makeRoom();
    const address = socket.remoteAddress ?? '';
    const connection: Connection = {
      socket,
      address,
      requests: 0,
      since: performance.now(),
      place: 'silent',
    };
    const client = clientOf(socket);
    byClient.set(client, connection);
    clients.add(connection);
    socket.once('close', () => {
      if (byClient.get(client) === connection) byClient.delete(client);
      clients.delete(connection);
    });
  });

  function makeRoom(): void {
    const gone = clients.first(performance.now());
    if (gone === undefined) return;
    dropped(gone.place === 'busy' ? 'stalled' : 'idle');
    // Its place is free at once, while the system closes the socket.
    clients.delete(gone);
    reset(gone.socket);
  }

  return {
    begin(request, response) {
      const connection = byClient.get(clientOf(request.socket));
      if (connection === undefined) return;
      connection.requests += 1;
      if (connection.requests === 1) clients.move(connection, 'busy', performance.now());
      response.once('close', () => {
        if (response.statusCode === 200 && response.writableFinished) clients.trust(connection.address);
        connection.requests -= 1;
        if (connection.requests === 0) clients.move(connection, 'idle', performance.now());
      });
    },
    reset: (socket) => {
      const below = byClient.get(clientOf(socket))?.socket;
      if (below !== undefined) reset(below);
      socket.destroy();
    },
    closeSilent: () => {
      for (const { socket, place } of byClient.values()) if (place === 'silent') socket.destroy();
    },
    closeAll: () => {
      for (const { socket } of byClient.values()) socket.destroy();
    },
  };
}

/** Closes with TCP's reset, with which the kernel drops what the client did not read. */
function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remotePort} ${remoteAddress}`;
}
