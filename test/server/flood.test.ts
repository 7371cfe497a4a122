/** Clients that want to keep others out: what the server keeps for all of them together has a bound. */
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectRaw, plainGet, postReview, type RawConnection } from './client.ts';
import { podAsking, responseOf, reviewOf } from './reviews.ts';
import { eventually, runWebhookHere } from './running.ts';

const HEAD = 'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const KIB = 1024;

async function metric(metricsPort: number, series: string): Promise<number> {
  const { text } = await plainGet(metricsPort, '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`secrets_injector_${series} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}

async function open(port: number): Promise<RawConnection> {
  const connection = await connectRaw(port);
  onTestFinished(() => void connection.socket.destroy());
  return connection;
}

describe('at the limit of connections', () => {
  test('the connection that has been idle for longest gives way to a new one', async () => {
    const { listenPort, metricsPort } = await runWebhookHere({ limits: { connections: 3 } });
    const [first, second, third] = [await open(listenPort), await open(listenPort), await open(listenPort)];
    const body = reviewOf({}, 'of-the-first');
    // It was opened first, but has been used since.
    first.socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    await first.waitFor(/of-the-first/);
    expect((await postReview(listenPort, reviewOf({}))).status).toBe(200);
    await second.closed;
    expect([first.socket.destroyed, third.socket.destroyed]).toEqual([false, false]);
    expect(await metric(metricsPort, 'dropped_connections_total{reason="idle"}')).toBe(1);
  });

  test('a request in progress does not give way while another connection is idle', async () => {
    const { listenPort } = await runWebhookHere({ limits: { connections: 2 } });
    const [busy, idle] = [await open(listenPort), await open(listenPort)];
    const body = reviewOf({}, 'in-progress');
    busy.socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n{`);
    expect((await postReview(listenPort, reviewOf({}))).status).toBe(200);
    await idle.closed;
    busy.socket.write(body.slice(1));
    await busy.waitFor(/in-progress/);
  });

  test('the oldest of unfinished requests gives way if there are no others', async () => {
    const { listenPort, metricsPort } = await runWebhookHere({ limits: { connections: 2 } });
    const [oldest, other] = [await open(listenPort), await open(listenPort)];
    for (const { socket, waitFor } of [oldest, other]) {
      socket.write(`${HEAD}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n`);
      await waitFor(/^HTTP\/1\.1 100 /);
    }
    expect((await postReview(listenPort, reviewOf({}))).status).toBe(200);
    await oldest.closed;
    expect(other.socket.destroyed).toBe(false);
    expect(await metric(metricsPort, 'dropped_connections_total{reason="stalled"}')).toBe(1);
  });

  test('idle handshakes and idle connections keep no review out', async () => {
    const { listenPort } = await runWebhookHere({ limits: { connections: 8 } });
    for (let count = 0; count < 8; count += 1) await open(listenPort);
    const handshaking = Array.from({ length: 8 }, () =>
      connect(listenPort, '127.0.0.1').on('error', () => undefined),
    );
    onTestFinished(() => handshaking.forEach((socket) => void socket.destroy()));
    for (let count = 0; count < 20; count += 1) {
      const answer = await postReview(listenPort, reviewOf(podAsking()));
      expect(responseOf(answer.text).allowed).toBe(true);
    }
  });

  test('idle connections do not keep the kubelet from its probes', async () => {
    const { probePort } = await runWebhookHere();
    const idle: Socket[] = [];
    onTestFinished(() => idle.forEach((socket) => void socket.destroy()));
    for (let count = 0; count < 300; count += 1) {
      const socket = connect(probePort, '127.0.0.1').on('error', () => undefined);
      idle.push(socket);
      await new Promise((resolve) => socket.once('connect', resolve));
    }
    expect((await plainGet(probePort, '/livez')).status).toBe(200);
  });
});

describe('beyond the bytes of all unfinished bodies', () => {
  const limits = { bodiesBytes: 100 * KIB, bodyBytes: 80 * KIB };

  test('the oldest body is refused, and reviews are answered', async () => {
    const { listenPort, metricsPort } = await runWebhookHere({ limits });
    const unfinished = [await open(listenPort), await open(listenPort)];
    for (const { socket } of unfinished) {
      socket.write(`${HEAD}Content-Length: ${80 * KIB}\r\n\r\n${' '.repeat(60 * KIB)}`);
      // The order of arrival is the order of age.
      await postReview(listenPort, reviewOf({}));
    }
    const [oldest] = unfinished;
    await oldest?.waitFor(/^HTTP\/1\.1 503 .*too many requests in progress/s);
    await oldest?.closed;
    expect(responseOf((await postReview(listenPort, reviewOf(podAsking()))).text).allowed).toBe(true);
    expect(await metric(metricsPort, 'refused_requests_total{status="503"}')).toBe(1);
  });

  test('a byte at a time counts as more than a byte', async () => {
    const { listenPort, metricsPort } = await runWebhookHere({ limits });
    const { socket, closed, received } = await open(listenPort);
    socket.setNoDelay(true);
    socket.write(`${HEAD}Content-Length: ${80 * KIB}\r\n\r\n`);
    const dribble = setInterval(() => socket.write(' '), 0);
    await closed;
    clearInterval(dribble);
    expect(received()).toMatch(/^HTTP\/1\.1 503 /);
    expect(await metric(metricsPort, 'refused_requests_total{status="503"}')).toBe(1);
  });

  test('a client that closes during its body is counted', async () => {
    const { listenPort, metricsPort } = await runWebhookHere();
    const { socket } = await open(listenPort);
    socket.write(`${HEAD}Content-Length: 100\r\n\r\n{`);
    await postReview(listenPort, reviewOf({}));
    socket.destroy();
    await eventually(
      () => metric(metricsPort, 'dropped_connections_total{reason="aborted"}'),
      (count) => count === 1,
    );
  });
});

/** A review with an answer of almost a MiB: native variables for many containers. */
function reviewOfLargeAnswer(): string {
  const asked = Array.from({ length: 400 }, (_, index) => [`env.V${index}_${'K'.repeat(40)}`, 'db']);
  const pod = podAsking({
    'secret.db': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf',
    ...Object.fromEntries(asked),
  });
  const containers = Array.from({ length: 10 }, (_, index) => ({ name: `app${index}`, image: 'app' }));
  return reviewOf({ ...pod, spec: { containers } });
}

const NATIVE = { image: 'registry.example/i:1', native: { can: true, probe: false } } as const;

/** Sends a review and reads nothing of the answer. */
async function neverTake(port: number): Promise<RawConnection> {
  const connection = await open(port);
  connection.socket.pause();
  const body = reviewOfLargeAnswer();
  connection.socket.write(`${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return connection;
}

describe('a client that does not take its answer', () => {
  const dropped = 'dropped_connections_total{reason="answer"}';

  test('is cut off when the answers of all clients exceed their bytes', async () => {
    const { listenPort, metricsPort } = await runWebhookHere({
      injection: NATIVE,
      limits: { answersBytes: 3072 * KIB },
    });
    for (let count = 0; count < 5; count += 1) await neverTake(listenPort);
    await eventually(
      () => metric(metricsPort, dropped),
      (count) => count >= 2,
    );
    const answer = await postReview(listenPort, reviewOfLargeAnswer());
    expect(answer.text.length).toBeGreaterThan(900 * KIB);
    expect(responseOf(answer.text).allowed).toBe(true);
  });

  test('has taken earlier answers when it asks again', async () => {
    const { listenPort, metricsPort } = await runWebhookHere({
      injection: NATIVE,
      limits: { answersBytes: 3072 * KIB },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let count = 0; count < 10; count += 1)
      expect((await postReview(listenPort, reviewOfLargeAnswer(), { agent })).status).toBe(200);
    expect(await metric(metricsPort, dropped)).toBe(0);
  });
});

test('a client that does not take its answer gets no further ones', async () => {
  const { listenPort, metricsPort } = await runWebhookHere({ injection: NATIVE });
  const { socket } = await open(listenPort);
  socket.pause();
  const body = reviewOfLargeAnswer();
  const request = `${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  for (let count = 0; count < 40; count += 1) socket.write(request);
  const reviews = () => metric(metricsPort, 'review_duration_seconds_count');
  await eventually(reviews, (count) => count > 0);
  // Other reviews are answered meanwhile; a connection takes a few answers into its buffers.
  for (let count = 0; count < 40; count += 1) await postReview(listenPort, reviewOf({}));
  expect(await reviews()).toBeLessThan(40 + 20);
});

describe('requests that Node cannot parse are counted by status', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a length and an encoding', `${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    ['an unknown expectation', `${HEAD}Expect: nothing\r\nContent-Length: 2\r\n\r\n`, 417],
    ['headers of 64 KiB', `${HEAD}X: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
  ])('%s', async (_name, text, status) => {
    const { listenPort, metricsPort } = await runWebhookHere();
    const { socket, closed, received } = await open(listenPort);
    socket.write(text);
    await closed;
    expect(received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"error"`, 's'));
    expect(await metric(metricsPort, `refused_requests_total{status="${status}"}`)).toBe(1);
  });
});
