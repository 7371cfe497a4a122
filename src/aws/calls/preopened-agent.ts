/**
 * An agent that opens its first connections in advance: TCP to every endpoint while the process prepares (see
 * `early-connections.ts`), TLS to Secrets Manager while STS answers. A connection that fails or is not used costs only time.
 */
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { hostOf, MOST_SOCKETS, portOf, takeConnection, tolerant } from '../connections/early-connections.ts';
import { openTunnel } from '../connections/proxy.ts';
import { secureContext } from '../connections/trust.ts';

export class PreopenedAgent extends https.Agent {
  readonly #host: string;
  readonly #port: number;
  readonly #connecting: net.Socket[] = [];
  readonly #secured: Secured[] = [];
  readonly #proxy: URL | undefined;
  readonly #tunnels: Promise<Secured>[] = [];
  readonly #destroyed = new AbortController();

  /** @param count the number of connections to open now @param proxy for all connections, if any */
  constructor(endpoint: URL, count: number, proxy?: URL) {
    super({ keepAlive: true, maxSockets: MOST_SOCKETS });
    this.#proxy = proxy;
    this.#host = hostOf(endpoint);
    this.#port = portOf(endpoint);
    if (endpoint.protocol !== 'https:') return;
    for (let opened = 0; opened < Math.min(count, MOST_SOCKETS); opened += 1) {
      if (proxy !== undefined) this.#tunnels.push(this.#tunnel(proxy));
      else this.#connecting.push(takeConnection(endpoint));
    }
  }

  /** Starts TLS on the open connections. Not done in the constructor, because certificate authorities are read first. */
  secure(): void {
    for (const socket of this.#connecting.splice(0)) this.#secured.push(this.#secureOne(socket));
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const proxy = this.#proxy;
    if (proxy !== undefined) {
      this.#nextTunnel(proxy).then(
        ({ socket }) => callback?.(null, socket),
        (error: Error) => callback?.(error, NO_STREAM),
      );
      return undefined;
    }
    if (options.host === this.#host && Number(options.port) === this.#port) {
      this.secure();
      for (let one = this.#secured.shift(); one !== undefined; one = this.#secured.shift()) {
        if (isUsable(one)) return one.socket;
        one.socket.destroy();
      }
    }
    // Passed on to tls.connect.
    const trusted: https.RequestOptions & Pick<tls.ConnectionOptions, 'secureContext'> = {
      ...options,
      secureContext: secureContext(),
    };
    return super.createConnection(trusted, callback);
  }

  override destroy(): void {
    this.#destroyed.abort();
    for (const socket of this.#connecting) socket.destroy();
    for (const { socket } of this.#secured) socket.destroy();
    super.destroy();
  }

  async #nextTunnel(proxy: URL): Promise<Secured> {
    const opened = await this.#tunnels.shift();
    if (opened !== undefined && isUsable(opened)) return opened;
    opened?.socket.destroy();
    return this.#tunnel(proxy);
  }

  #tunnel(proxy: URL): Promise<Secured> {
    const tunnel = openTunnel(proxy, this.#host, this.#port, this.#destroyed.signal);
    const secured = tunnel.then((socket) => {
      this.#destroyed.signal.addEventListener('abort', () => socket.destroy());
      return this.#secureOne(tolerant(socket));
    });
    // A failure is noticed when the connection is used.
    secured.catch(() => undefined);
    return secured;
  }

  #secureOne(socket: net.Socket): Secured {
    const isAddress = net.isIP(this.#host) !== 0;
    const context = secureContext();
    const secured = tls.connect({
      socket,
      // For an address, no server name is sent and the certificate is checked against the address.
      host: this.#host,
      ...(isAddress ? {} : { servername: this.#host }),
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
    });
    if (socket.destroyed) secured.destroy();
    return { socket: tolerant(secured), context };
  }
}

/** A connection, and the certificate authorities that it trusts. */
interface Secured {
  readonly socket: tls.TLSSocket;
  readonly context: tls.SecureContext;
}

/** Not if other authorities have been trusted since. */
function isUsable({ socket, context }: Secured): boolean {
  return !socket.destroyed && context === secureContext();
}

/** http.Agent does not use the stream beside an error. */
const NO_STREAM = undefined as unknown as Duplex;
