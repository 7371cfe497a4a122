/** Connections that a hostile client keeps open: what ends is opened again. */
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** The webhook under attack. */
export interface Target {
  /** Its address; by default this machine's. */
  readonly host?: string;
  /** The address of the attacker, for another host. */
  readonly source?: string | undefined;
  readonly port: number;
  readonly probePort: number;
  readonly metricsPort: number;
}

/** What an attack has done so far. */
export const done = { connections: 0, bytes: 0, open: 0 };

/**
 * Addresses of the attackers. The webhook tells clients apart by their addresses, so on loopback attacks come from another than
 * the API server's, or from many.
 */
export type Addresses = 'one' | 'many';

interface Route {
  readonly host: string;
  readonly source: () => string | undefined;
}

let serial = 0;
let route = loopback('one');

function loopback(addresses: Addresses): Route {
  const many = (): string => {
    serial += 1;
    return `127.0.${1 + (serial % 4)}.${1 + (serial % 250)}`;
  };
  return { host: '127.0.0.1', source: addresses === 'one' ? () => '127.0.0.2' : many };
}

/** Sets where the attacks on loopback come from. */
export function comeFrom(addresses: Addresses): void {
  route = loopback(addresses);
}

/** Sets another host to attack. */
export function goTo({ host, source }: Target): void {
  if (host !== undefined) route = { host, source: () => source };
}

/** Opens a TLS connection. */
export function tls(port: number, options: ConnectionOptions = {}): Socket {
  return connectTls({ ...options, socket: tcp(port), rejectUnauthorized: false });
}

/** Opens a TCP connection. */
export function tcp(port: number): Socket {
  const source = route.source();
  return connectPlain({ host: route.host, port, ...(source === undefined ? {} : { localAddress: source }) });
}

/**
 * Keeps a number of connections open.
 * @param act is called when a connection is established, with a function that writes and counts
 */
export function keep(
  count: number,
  open: () => Socket,
  act: (write: (data: string | Buffer) => boolean, socket: Socket) => void,
): void {
  const start = (): void => {
    const socket = open();
    done.connections += 1;
    let timer: NodeJS.Timeout | undefined;
    const isTls = 'encrypted' in socket;
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      done.open += 1;
      socket.once('close', () => {
        done.open -= 1;
      });
      act((data) => {
        done.bytes += data.length;
        return socket.destroyed ? false : socket.write(data);
      }, socket);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      // A client that cannot connect would otherwise only keep itself busy.
      timer = setTimeout(start, 5);
    });
  };
  for (let index = 0; index < count; index += 1) start();
}

/** Repeats an action on a connection until it closes. */
export function every(milliseconds: number, socket: Socket, action: () => void): void {
  const timer = setInterval(action, milliseconds);
  socket.once('close', () => clearInterval(timer));
}

/** Writes the same bytes over and over, as fast as the other side takes them, and drops every answer. */
export function flood(write: (data: Buffer) => boolean, socket: Socket, data: readonly Buffer[]): void {
  let index = 0;
  const more = (): void => {
    while (!socket.destroyed) {
      const next = data[index % data.length] ?? Buffer.alloc(0);
      index += 1;
      if (!write(next)) return void socket.once('drain', more);
    }
  };
  socket.resume();
  more();
}

/** Sends a request, waits for its answer, and sends the next. */
export function ask(write: (data: Buffer) => boolean, socket: Socket, requests: readonly Buffer[]): void {
  let index = 0;
  const next = (): void => {
    write(requests[index % requests.length] ?? Buffer.alloc(0));
    index += 1;
  };
  let missing = 0;
  socket.on('data', (chunk: Buffer) => {
    if (missing === 0) {
      const head = chunk.toString('latin1', 0, Math.min(chunk.length, 1024));
      missing = head.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    }
    missing = Math.max(0, missing - chunk.length);
    if (missing === 0) next();
  });
  next();
}
