/**
 * An agent that opens its first connections in advance: TCP to every endpoint while the process prepares, TLS to Secrets
 * Manager while STS answers. A connection that fails or is not used costs only time.
 */
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

/** The most sockets to the endpoint of one Region. */
export const MOST_SOCKETS = 4;

export class PreopenedAgent extends https.Agent {
  readonly #host: string;
  readonly #port: number;
  readonly #connecting: net.Socket[] = [];
  readonly #secured: tls.TLSSocket[] = [];

  /** @param count the number of connections to open now */
  constructor(endpoint: URL, count: number) {
    super({ keepAlive: true, maxSockets: MOST_SOCKETS });
    this.#host = endpoint.hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(endpoint.port || 443);
    if (endpoint.protocol !== 'https:') return;
    for (let opened = 0; opened < Math.min(count, MOST_SOCKETS); opened += 1) {
      this.#connecting.push(tolerant(net.connect({ host: this.#host, port: this.#port, noDelay: true })));
    }
  }

  /** Starts TLS on the open connections. Not done in the constructor, because the first one takes about 5 ms for the root certificates. */
  secure(): void {
    for (const socket of this.#connecting.splice(0)) this.#secured.push(this.#secureOne(socket));
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    if (options.host === this.#host && Number(options.port) === this.#port) {
      this.secure();
      for (let socket = this.#secured.shift(); socket !== undefined; socket = this.#secured.shift()) {
        if (!socket.destroyed) return socket;
      }
    }
    return super.createConnection(options, callback);
  }

  override destroy(): void {
    for (const socket of [...this.#connecting, ...this.#secured]) socket.destroy();
    super.destroy();
  }

  #secureOne(socket: net.Socket): tls.TLSSocket {
    const isAddress = net.isIP(this.#host) !== 0;
    const secured = tls.connect({
      socket,
      // For an address, no server name is sent and the certificate is checked against the address.
      host: this.#host,
      ...(isAddress ? {} : { servername: this.#host }),
      ALPNProtocols: ['http/1.1'],
    });
    if (socket.destroyed) secured.destroy();
    return tolerant(secured);
  }
}

/** Without a listener, an early failure would end the process. It is noticed when the socket is used. */
function tolerant<S extends net.Socket>(socket: S): S {
  socket.on('error', () => socket.destroy());
  return socket;
}
