/**
 * HTTP/1.1 over connections to one endpoint, a few at a time. The first are opened in advance: TCP while the process prepares
 * (see `early-connections.ts`), TLS to Secrets Manager while STS answers. A connection that fails or is not used costs only
 * time. Why not `node:https`: docs/internals/decisions/0031-http-over-tls-sockets.md.
 */
import type net from 'node:net';
import { ABORTED, type Answer, codeOf, type RequestLimits, UNREADABLE } from '../../runtime/answer.ts';
import { Connection } from './connection.ts';
import { MOST_SOCKETS, takeConnection } from './early-connections.ts';
import { Exchange } from './exchange.ts';
import { writeRequest } from './head.ts';
import { secureContext, trustsMore } from './trust.ts';
import { openTunnel } from './tunnel.ts';

export interface PoolRequest {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly limits: RequestLimits;
  readonly signal?: AbortSignal | undefined;
}

export class ConnectionPool {
  readonly #endpoint: URL;
  readonly #proxy: URL | undefined;
  readonly #connecting: net.Socket[] = [];
  /** TLS begins as soon as TCP is connected, and no request was sent. */
  readonly #opened: (Connection | Promise<Connection>)[] = [];
  readonly #idle: Connection[] = [];
  readonly #waiting: Exchange[] = [];
  /** They wait for a connection that is being opened for them. */
  readonly #opening = new Set<Exchange>();
  readonly #running = new Map<Exchange, Connection>();
  readonly #closed = new AbortController();

  /** @param count the number of connections to open now @param proxy for all connections, if any */
  constructor(endpoint: URL, count: number, proxy?: URL) {
    this.#endpoint = endpoint;
    this.#proxy = proxy;
    if (endpoint.protocol !== 'https:') return;
    for (let opened = 0; opened < Math.min(count, MOST_SOCKETS); opened += 1) {
      if (proxy === undefined) this.#connecting.push(takeConnection(endpoint));
      else this.#opened.push(this.#tunnel(proxy));
    }
  }

  /** Starts TLS on the open connections. Not done in the constructor, because certificate authorities are read first. */
  secure(): void {
    // Takes longer than everything else in the start of TLS, so it is done while TCP connects.
    if (this.#connecting.length > 0) secureContext();
    for (const socket of this.#connecting.splice(0))
      this.#opened.push(new Connection(this.#endpoint, socket));
  }

  /** Sends a request, a second time if the first connection trusted too few authorities. Never rejects. */
  async send(request: PoolRequest): Promise<Answer> {
    if (this.#endpoint.protocol !== 'https:') return this.#sendOnce(request);
    const used = secureContext();
    const answer = await this.#sendOnce(request);
    // Nothing was sent over a connection that is not trusted.
    return !answer.ok && trustsMore(answer.code, used) ? this.#sendOnce(request) : answer;
  }

  /** Ends all exchanges, and closes all connections. */
  close(): void {
    this.#closed.abort();
    for (const exchange of [...this.#waiting.splice(0), ...this.#opening, ...this.#running.keys()])
      exchange.fail(ABORTED);
    for (const socket of this.#connecting.splice(0)) socket.destroy();
    for (const connection of this.#idle.splice(0)) connection.close();
    for (const opened of this.#opened.splice(0))
      Promise.resolve(opened).then(
        (connection) => connection.close(),
        () => undefined,
      );
  }

  #sendOnce({ method, path: target, headers, body, limits, signal }: PoolRequest): Promise<Answer> {
    const request = writeRequest({ method, target, host: this.#endpoint.host, headers }, body);
    // HTTP does not allow what it contains.
    if (request === undefined) return Promise.resolve({ ok: false, code: UNREADABLE });
    if (signal?.aborted === true) return Promise.resolve({ ok: false, code: ABORTED });
    return new Promise((resolve) => {
      const exchange = new Exchange({ request, limits, signal }, (answer) => {
        resolve(answer);
        this.#release(exchange);
      });
      this.#waiting.push(exchange);
      this.#next();
    });
  }

  /** Begins as many of the waiting exchanges as connections are allowed. */
  #next(): void {
    while (this.#opening.size + this.#running.size < MOST_SOCKETS) {
      const exchange = this.#waiting.shift();
      if (exchange === undefined) return;
      if (!exchange.isOver) this.#run(exchange);
    }
  }

  async #run(exchange: Exchange): Promise<void> {
    this.#opening.add(exchange);
    try {
      const connection = await this.#take();
      // The exchange can have ended meanwhile.
      if (exchange.isOver) {
        connection.finish(true);
        this.#keep(connection);
      } else {
        this.#running.set(exchange, connection);
        exchange.begin(connection);
      }
    } catch (error) {
      exchange.fail(codeOf(error as Error));
    }
    this.#opening.delete(exchange);
    this.#next();
  }

  #release(exchange: Exchange): void {
    const connection = this.#running.get(exchange);
    if (connection === undefined) return;
    this.#running.delete(exchange);
    this.#keep(connection);
    this.#next();
  }

  #keep(connection: Connection): void {
    if (this.#closed.signal.aborted || this.#idle.length >= MOST_SOCKETS) connection.close();
    else if (connection.isUsable) this.#idle.push(connection);
  }

  /** A connection that can be used: one that is idle, one that was opened in advance, or a new one. */
  async #take(): Promise<Connection> {
    this.secure();
    for (;;) {
      const connection = this.#idle.pop() ?? (await this.#opened.shift()) ?? (await this.#open());
      if (connection.isUsable) return connection;
      connection.close();
    }
  }

  #open(): Connection | Promise<Connection> {
    if (this.#proxy !== undefined) return this.#tunnel(this.#proxy);
    return new Connection(this.#endpoint, takeConnection(this.#endpoint));
  }

  #tunnel(proxy: URL): Promise<Connection> {
    const opened = openTunnel(proxy, this.#endpoint, this.#closed.signal).then(
      (socket) => new Connection(this.#endpoint, socket),
    );
    // A failure is noticed when the connection is used.
    opened.catch(() => undefined);
    return opened;
  }
}
