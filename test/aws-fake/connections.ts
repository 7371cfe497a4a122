import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** Numbers and counts the sockets of the server, and keeps the TCP socket of each TLS socket. */
export class Connections {
  readonly #numbers = new WeakMap<object, number>();
  readonly #open = new Map<string, Socket>();
  #opened = 0;
  #most = 0;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      this.#opened += 1;
      this.#open.set(peer, socket);
      this.#most = Math.max(this.#most, this.#open.size);
      const number = this.#opened;
      this.#numbers.set(socket, number);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#open.delete(peer));
    });
  }

  /** The number of sockets accepted so far. */
  get opened(): number {
    return this.#opened;
  }

  get open(): number {
    return this.#open.size;
  }

  get most(): number {
    return this.#most;
  }

  /** The number of the connection of this TLS socket. */
  numberOf(secure: Socket): number {
    const socket = this.#open.get(peerOf(secure));
    return (socket && this.#numbers.get(socket)) ?? 0;
  }

  /** Ends a connection with a TCP reset, which a client cannot mistake for a normal end. */
  reset(secure: Socket): void {
    const socket = this.#open.get(peerOf(secure));
    if (socket === undefined) secure.destroy();
    else socket.resetAndDestroy();
  }

  startCounting(): void {
    this.#most = this.#open.size;
  }

  closeAll(): void {
    for (const socket of this.#open.values()) socket.destroy();
  }
}

// A TLS socket does not expose its TCP socket; the client's port identifies it.
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
