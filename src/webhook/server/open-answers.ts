/**
 * Answers that clients have not taken. First an answer waits in this process, which has a limit of time. Then it waits in the
 * buffers of the kernel, which count as memory of the container and which no program can look into; only another request
 * on the connection shows that the client took it. Both together have a limit of bytes: beyond it, a connection
 * with an answer is reset, which also empties the kernel's buffer.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Entry, InFlight } from './in-flight.ts';

/** Below this size, an answer fits into the buffer that every connection has. */
const SMALL_BYTES = 16 * 1024;

export class OpenAnswers {
  readonly #inFlight: InFlight;
  readonly #reset: (socket: Socket) => void;
  /** By connection; the last one counts, because a client reads answers in order. */
  readonly #untaken = new Map<Socket, Entry>();
  /** Connections whose end is listened for. */
  readonly #followed = new WeakSet<Socket>();
  /** Answers that still wait in this process, in the order of their start. */
  readonly #waiting = new Map<ServerResponse, { readonly socket: Socket; readonly since: number }>();

  /**
   * @param most bytes of all answers
   * @param reset closes a connection at once, with what waits in its buffers
   */
  constructor(most: number, reset: (socket: Socket) => void) {
    this.#inFlight = new InFlight(most);
    this.#reset = reset;
  }

  /** A request arrived: its client has taken earlier answers. */
  taken(socket: Socket): void {
    this.#untaken.get(socket)?.end();
    this.#untaken.delete(socket);
  }

  /** An answer was given to the connection. */
  sent(socket: Socket, response: ServerResponse, bytes: number): void {
    this.#waiting.set(response, { socket, since: performance.now() });
    response.once('close', () => this.#waiting.delete(response));
    if (bytes <= SMALL_BYTES) return;
    this.taken(socket);
    const entry = this.#inFlight.begin(socket.remoteAddress ?? '', () => {
      this.#untaken.delete(socket);
      this.#reset(socket);
    });
    this.#untaken.set(socket, entry);
    if (!this.#followed.has(socket)) {
      this.#followed.add(socket);
      socket.once('close', () => this.taken(socket));
    }
    entry.grow(bytes);
  }

  /** Resets connections whose answer has waited in this process for longer. */
  resetSlow(milliseconds: number): void {
    const limit = performance.now() - milliseconds;
    for (const [response, { socket, since }] of this.#waiting) {
      if (since > limit) return;
      this.#waiting.delete(response);
      this.#reset(socket);
    }
  }
}
