import { request } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startDelayProxy } from '../../aws-fake/index.ts';
import { startAccount } from './account.ts';

const ROUND_TRIP = 60;

/** An echo server and a proxy for it. */
async function echoBehind(delayMs: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await startDelayProxy(
    { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    delayMs,
  );
  onTestFinished(async () => {
    await proxy.stop();
    server.close();
  });
  return proxy.port;
}

function collect(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) =>
    socket.on('error', reject).on('end', () => resolve(Buffer.concat(chunks))),
  );
}

test('the first response takes two round trips, the next one round trip', async () => {
  const socket = connect(await echoBehind(ROUND_TRIP), '127.0.0.1').setNoDelay();
  onTestFinished(() => {
    socket.destroy();
  });
  const ask = async () => {
    const before = performance.now();
    socket.write('x');
    await new Promise((resolve) => socket.once('data', resolve));
    return (performance.now() - before) / ROUND_TRIP;
  };
  const first = await ask();
  const second = await ask();
  expect(first).toBeGreaterThanOrEqual(1.95);
  expect(second).toBeGreaterThanOrEqual(0.99);
  expect(second).toBeLessThan(first);
});

test('all bytes and the end arrive in order', async () => {
  const bytes = Buffer.from(Uint32Array.from({ length: 200_000 }, (_, index) => index).buffer);
  const socket = connect(await echoBehind(10), '127.0.0.1');
  const received = collect(socket);
  for (let offset = 0; offset < bytes.length; offset += 10_007)
    socket.write(bytes.subarray(offset, offset + 10_007));
  socket.end();
  expect((await received).equals(bytes)).toBe(true);
});

test('an HTTPS request takes three round trips: TCP, TLS and HTTP', async () => {
  const aws = await startAccount();
  const proxy = await startDelayProxy({ host: aws.host, port: aws.port }, ROUND_TRIP);
  onTestFinished(() => proxy.stop());
  const before = performance.now();
  await new Promise<void>((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: proxy.port, ca: aws.caPem, agent: false },
      (incoming) => {
        incoming.resume().on('end', resolve);
      },
    );
    outgoing.on('error', reject).end();
  });
  const trips = (performance.now() - before) / ROUND_TRIP;
  expect(trips).toBeGreaterThanOrEqual(2.95);
});

test('a target that refuses connections resets the client', async () => {
  const proxy = await startDelayProxy({ host: '127.0.0.1', port: 1 }, 10);
  onTestFinished(() => proxy.stop());
  await expect(collect(connect(proxy.port, '127.0.0.1'))).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('stop ends open connections and releases the port', async () => {
  const aws = await startAccount();
  const proxy = await startDelayProxy({ host: aws.host, port: aws.port }, 10);
  const socket = connect(proxy.port, '127.0.0.1');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await expect.poll(() => aws.connectionsOpened).toBe(1);
  await proxy.stop();
  await ended;
  await expect(collect(connect(proxy.port, '127.0.0.1'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
