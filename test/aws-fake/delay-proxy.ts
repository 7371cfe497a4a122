import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface DelayProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a TCP proxy on loopback that simulates a link with this round-trip time: bytes take half of it in each
 * direction and keep their order. On loopback, a connection is established at once, where a link needs one round trip, so
 * the proxy delays the first bytes of the client by another round trip.
 */
export function startDelayProxy(
  target: { host: string; port: number },
  delayMs: number,
): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const connectedAt = performance.now() + delayMs;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    const oneWay = Math.max(0, delayMs / 2 - FORWARDING);
    forward(client, upstream, oneWay, connectedAt);
    forward(upstream, client, oneWay, 0);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        stop: () => {
          const closed = new Promise<void>((done) => server.close(() => done()));
          for (const socket of sockets) socket.destroy();
          return closed;
        },
      });
    });
  });
}

/** What forwarding takes itself, in each direction, in milliseconds. The ends see the whole. */
const FORWARDING = 0.4;
/** Timers are up to this late, in milliseconds: the last part of a wait is spent in turns of the event loop. */
const LATENESS = 2;

/** Forwards all events of one socket to the other, delayed and in order. */
function forward(from: Socket, to: Socket, delayMs: number, notBefore: number): void {
  const queue: { dueAt: number; act: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  const run = () => {
    timer = undefined;
    turn = undefined;
    let next = queue[0];
    while (next !== undefined && next.dueAt <= performance.now()) {
      queue.shift();
      next.act();
      next = queue[0];
    }
    if (next !== undefined) wait(next.dueAt - performance.now());
  };
  const wait = (milliseconds: number) => {
    if (milliseconds > LATENESS) timer = setTimeout(run, milliseconds - LATENESS);
    else turn = setImmediate(run);
  };
  const later = (act: () => void) => {
    queue.push({ dueAt: Math.max(performance.now(), notBefore) + delayMs, act });
    if (timer === undefined && turn === undefined) run();
  };
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => later(() => to.destroyed || to.resetAndDestroy()));
  // Drops only data for the closed socket; data in the other direction is still delivered.
  to.on('close', () => {
    clearTimeout(timer);
    clearImmediate(turn);
    queue.length = 0;
  });
}
