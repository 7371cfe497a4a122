import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { connectRaw, postReview } from './client.ts';
import { reviewOf } from './reviews.ts';
import { runWebhookHere } from './running.ts';

const LIMITS = {
  handshakeMilliseconds: 200,
  headersMilliseconds: 200,
  requestMilliseconds: 400,
  checkMilliseconds: 20,
};
const HEAD = 'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('a client is cut off', () => {
  test('that never begins its handshake', async () => {
    const { listenPort } = await runWebhookHere({ limits: LIMITS });
    const socket = connect(listenPort, '127.0.0.1');
    await new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  });

  test('that sends nothing after its handshake', async () => {
    const { listenPort } = await runWebhookHere({ limits: LIMITS });
    const { closed } = await connectRaw(listenPort);
    await closed;
  });

  test('that dribbles its headers', async () => {
    const { listenPort } = await runWebhookHere({ limits: LIMITS });
    const { socket, closed, received } = await connectRaw(listenPort);
    socket.write(HEAD);
    const dribble = setInterval(() => socket.write('X-More: 1\r\n'), 20);
    await closed;
    clearInterval(dribble);
    expect(received()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('that dribbles its body', async () => {
    const { listenPort } = await runWebhookHere({ limits: LIMITS });
    const { socket, closed, received } = await connectRaw(listenPort);
    socket.write(`${HEAD}Content-Length: 100000\r\n\r\n{`);
    const dribble = setInterval(() => socket.write(' '), 20);
    await closed;
    clearInterval(dribble);
    expect(received()).toMatch(/^HTTP\/1\.1 408 /);
  });
});

test('others are served while slow clients are waited for', async () => {
  const { listenPort } = await runWebhookHere();
  const slow = await Promise.all(Array.from({ length: 50 }, () => connectRaw(listenPort)));
  for (const { socket } of slow) socket.write(`${HEAD}Content-Length: 9\r\n\r\n{`);
  expect((await postReview(listenPort, reviewOf({}))).status).toBe(200);
  for (const { socket } of slow) socket.destroy();
});

test('a connection idle for longer than the limits on a request is kept', async () => {
  const { listenPort } = await runWebhookHere({ limits: LIMITS });
  const { socket, received, waitFor } = await connectRaw(listenPort);
  const body = reviewOf({}, 'first');
  const request = `${HEAD}Content-Length: ${body.length}\r\n\r\n`;
  socket.write(request + body);
  await waitFor(/"uid":"first"/);
  await new Promise((resolve) => setTimeout(resolve, 2.5 * LIMITS.requestMilliseconds));
  expect(socket.destroyed).toBe(false);
  socket.write(request + body.replace('first', 'other'));
  await waitFor(/"uid":"other"/);
  expect(received()).toMatch(/keep-alive: timeout=120/i);
  socket.destroy();
});

test('a connection idle for longer than the keep-alive limit is closed', async () => {
  const { listenPort } = await runWebhookHere({ limits: { keepAliveMilliseconds: 100 } });
  const { socket, closed } = await connectRaw(listenPort);
  const body = reviewOf({});
  socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
  await closed;
});

test('a client that never finishes does not hold up closing', async () => {
  const webhook = await runWebhookHere({ limits: { closeMilliseconds: 100 } });
  const [silent, slow] = [await connectRaw(webhook.listenPort), await connectRaw(webhook.listenPort)];
  slow.socket.write(`${HEAD}Content-Length: 9\r\n\r\n{`);
  // An answer on another connection shows that the slow request has been seen.
  await postReview(webhook.listenPort, reviewOf({}));
  const handshaking = connect(webhook.listenPort, '127.0.0.1').on('error', () => undefined);
  await new Promise((resolve) => handshaking.once('connect', resolve));
  await webhook.close();
  await Promise.all([silent.closed, slow.closed]);
});
