import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** Numbers the server's sockets, counts them, and keeps the TCP socket under each TLS one. */
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

  /** How many sockets were ever accepted. */
  get opened(): number {
    return this.#opened;
  }

  get open(): number {
    return this.#open.size;
  }

  get most(): number {
    return this.#most;
  }

  /** The number of the connection that carries this TLS socket. */
  numberOf(secure: Socket): number {
    const socket = this.#open.get(peerOf(secure));
    return (socket && this.#numbers.get(socket)) ?? 0;
  }

  /** Ends a connection with a TCP reset, which a peer cannot take for an orderly end. */
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

// TLS hides the socket beneath it; the peer's port tells which one it is.
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
