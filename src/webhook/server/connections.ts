/**
 * The open connections of a server that is to close. Node's own list helps half: it closes connections that are
 * idle after a request, but neither those that never sent one nor, once the server is closing, slow ones.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

export interface Connections {
  /** A request came in on a connection. */
  spoke(socket: Socket): void;
  /** Closes those on which nothing was ever asked. */
  closeSilent(): void;
  /** Closes all, whatever they are doing, also those in the middle of a handshake. */
  closeAll(): void;
}

/** Follows a server's connections from now on. */
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
