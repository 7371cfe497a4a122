/**
 * An agent whose first connections are opened before anybody asks for them, so that TCP and TLS to Secrets Manager
 * are set up while STS still answers. A connection that fails or is never asked for costs time and nothing else.
 */

import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

/** Most sockets to one Region's endpoint. */
export const MOST_SOCKETS = 4;

export class PreopenedAgent extends https.Agent {
  readonly #host: string;
  readonly #port: number;
  readonly #ready: tls.TLSSocket[] = [];

  /** @param count how many connections to open now */
  constructor(endpoint: URL, count: number) {
    super({ keepAlive: true, maxSockets: MOST_SOCKETS });
    this.#host = endpoint.hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(endpoint.port || 443);
    if (endpoint.protocol !== 'https:') return;
    for (let opened = 0; opened < Math.min(count, MOST_SOCKETS); opened += 1) this.#ready.push(this.#open());
  }

  #open(): tls.TLSSocket {
    const name = /^[\d.]+$|:/.test(this.#host) ? {} : { servername: this.#host };
    const socket = tls.connect({ host: this.#host, port: this.#port, ALPNProtocols: ['http/1.1'], ...name });
    socket.setNoDelay(true);
    // Nobody listens yet: without this an early failure would end the process. It is found out when the socket is taken.
    socket.on('error', () => socket.destroy());
    return socket;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    if (options.host === this.#host && Number(options.port) === this.#port) {
      for (let socket = this.#ready.shift(); socket !== undefined; socket = this.#ready.shift()) {
        if (!socket.destroyed) return socket;
      }
    }
    return super.createConnection(options, callback);
  }

  override destroy(): void {
    for (const socket of this.#ready) socket.destroy();
    super.destroy();
  }
}
