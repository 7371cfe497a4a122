/**
 * The open connections of a server, for closing it. Node closes connections that are idle after a request, but neither
 * connections without a request nor, while the server is closing, slow ones.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

export interface Connections {
  /** Notes a request on a connection. */
  spoke(socket: Socket): void;
  /** Closes connections without a request. */
  closeSilent(): void;
  /** Closes all connections, including those in a handshake. */
  closeAll(): void;
}

/** Tracks the connections of a server. */
export function followConnections(server: Server): Connections {
  const all = new Set<Socket>();
  const silent = new Set<Socket>();
  follow('connection', all);
  follow('secureConnection', silent);

  function follow(event: string, sockets: Set<Socket>): void {
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }

  function destroy(sockets: ReadonlySet<Socket>): void {
    for (const socket of sockets) socket.destroy();
  }

  return {
    spoke: (socket) => silent.delete(socket),
    closeSilent: () => destroy(silent),
    closeAll: () => destroy(all),
  };
}
