import { Agent } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectRaw, plainGet, postReview } from './client.ts';
import { initContainersAfter, podAsking, responseOf, reviewOf } from './reviews.ts';
import { runWebhookHere } from './running.ts';

const MIB = 1024 * 1024;

describe('a review over HTTPS', () => {
  test('of a pod that asks is answered with a patch that applies', async () => {
    const { listenPort } = await runWebhookHere();
    const pod = podAsking();
    const answer = await postReview(listenPort, reviewOf(pod, 'u-42'));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    const response = responseOf(answer.text);
    expect(response).toMatchObject({ uid: 'u-42', allowed: true, patchType: 'JSONPatch' });
    expect(initContainersAfter(pod, response)).toEqual(['aws-secrets-fetch']);
  });

  test('of a pod that does not ask is allowed without a patch', async () => {
    const { listenPort } = await runWebhookHere();
    const response = responseOf((await postReview(listenPort, reviewOf({ metadata: {}, spec: {} }))).text);
    expect(response).toMatchObject({ allowed: true });
    expect(response.patch).toBeUndefined();
  });

  test('of a mistake is refused inside the answer, with HTTP 200', async () => {
    const { listenPort } = await runWebhookHere();
    const answer = await postReview(listenPort, reviewOf(podAsking({ 'file.db': 'no-arn', wrong: 'x' })));
    expect(answer.status).toBe(200);
    const { status, allowed } = responseOf(answer.text);
    expect(allowed).toBe(false);
    expect(status?.code).toBe(400);
    expect(status?.message).toContain('ANNOTATION_UNKNOWN');
    expect(status?.message).toContain('ALIAS_UNKNOWN');
  });

  test('of another API version is answered under its uid', async () => {
    const { listenPort } = await runWebhookHere();
    const review = reviewOf(podAsking()).replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1');
    expect(responseOf((await postReview(listenPort, review)).text)).toMatchObject({
      uid: 'uid-1',
      allowed: false,
      status: { code: 500 },
    });
  });

  test('may hold 3 MiB, and text beyond ASCII', async () => {
    const { listenPort } = await runWebhookHere();
    const pod = podAsking();
    const large = { ...pod, metadata: { ...pod.metadata, labels: { pad: `ü${'x'.repeat(3 * MIB)}` } } };
    const response = responseOf((await postReview(listenPort, reviewOf(large))).text);
    expect(initContainersAfter(large, response)).toEqual(['aws-secrets-fetch']);
  });

  test.each([
    [
      'a key __proto__',
      '{"__proto__":{"admin":true},"metadata":{"annotations":{"__proto__":"x"}},"spec":{}}',
    ],
    [
      '100,000 lists within each other',
      `{"metadata":{},"spec":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ],
    [
      '30,000 objects as an annotation',
      `{"metadata":{"annotations":{"secrets-injector.dev/file.x":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}}}`,
    ],
    ['no metadata', '{"metadata":null}'],
    ['a list for the pod', '[]'],
  ])('with %s is answered', async (_name, object) => {
    const { listenPort } = await runWebhookHere();
    const review = reviewOf({}).replace('"object":{}', `"object":${object}`);
    const answer = await postReview(listenPort, review);
    expect(answer.status).toBe(200);
    const { uid, status } = responseOf(answer.text);
    expect(uid).toBe('uid-1');
    expect(status?.code).not.toBe(500);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });
});

describe('a request that no review can answer', () => {
  const json = { 'content-type': 'application/json' };
  const canary = 'do-not-repeat-me';

  test.each([
    ['text that is not JSON', Buffer.from(`{"${canary}`), {}, 400],
    ['a byte order mark', Buffer.from(`\ufeff${reviewOf({})}`), {}, 400],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from(`{"request":{"uid":"${canary}`), Buffer.from([0xff, 0x22, 0x7d, 0x7d])]),
      {},
      400,
    ],
    ['no body', Buffer.alloc(0), {}, 400],
    ['no uid', Buffer.from('{"request":{}}'), {}, 400],
    ['an empty uid', Buffer.from('{"request":{"uid":""}}'), {}, 400],
    ['a uid that is a number', Buffer.from('{"request":{"uid":7}}'), {}, 400],
    ['a text', Buffer.from(JSON.stringify(canary)), {}, 400],
    ['another content type', Buffer.from(canary), { headers: { 'content-type': 'text/plain' } }, 415],
    ['a broken content type', Buffer.from(canary), { headers: { 'content-type': '/' } }, 415],
    [
      'another path',
      Buffer.from(canary),
      { path: `/${canary}`, headers: { 'content-type': 'text/plain' } },
      404,
    ],
    ['a path below', Buffer.from('{}'), { path: '/mutate/x', headers: json }, 404],
    ['the method PUT', Buffer.from('{}'), { method: 'PUT' }, 405],
    ['8 MiB and a byte', Buffer.alloc(8 * MIB + 1, 0x20), {}, 413],
  ] as const)('with %s', async (_name, body, options, status) => {
    const { listenPort } = await runWebhookHere();
    const answer = await postReview(listenPort, body, options);
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual(['error']);
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(canary);
    expect(answer.headers.allow).toBe(status === 405 ? 'POST' : undefined);
    expect((await postReview(listenPort, reviewOf({}))).status).toBe(200);
  });

  test('without a length is refused before its body is read', async () => {
    const { listenPort } = await runWebhookHere();
    const { closed, socket, waitFor } = await connectRaw(listenPort);
    socket.write(
      'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    await waitFor(/^HTTP\/1\.1 411 /);
    await closed;
  });

  test('with a length and another spelling of the content type is answered', async () => {
    const { listenPort } = await runWebhookHere();
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await postReview(listenPort, reviewOf({}), { headers })).status).toBe(200);
  });

  test('by GET is told the method', async () => {
    const { listenPort } = await runWebhookHere();
    expect((await postReview(listenPort, '', { method: 'GET' })).status).toBe(405);
  });
});

describe('a connection', () => {
  test('carries many reviews', async () => {
    const { listenPort } = await runWebhookHere();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    let connections = 0;
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (...parts) => {
      connections += 1;
      return connect(...parts);
    };
    for (let index = 0; index < 5; index += 1) {
      const answer = await postReview(listenPort, reviewOf(podAsking(), `u-${index}`), { agent });
      expect(responseOf(answer.text).uid).toBe(`u-${index}`);
    }
    expect(connections).toBe(1);
  });

  test('may carry requests before the answers to earlier ones, which come in order', async () => {
    const { listenPort } = await runWebhookHere();
    const { socket, received, waitFor } = await connectRaw(listenPort);
    const request = (uid: string): string => {
      const body = reviewOf(podAsking(), uid);
      return `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    socket.write(['first', 'second', 'third'].map(request).join(''));
    await waitFor(/"uid":"third"/);
    expect([...received().matchAll(/"uid":"(\w+)"/g)].map((match) => match[1])).toEqual([
      'first',
      'second',
      'third',
    ]);
    socket.destroy();
  });

  test('speaks HTTP/1.1 with a client that offers HTTP/2 first', async () => {
    const { listenPort } = await runWebhookHere();
    const { socket } = await connectRaw(listenPort, ['h2', 'http/1.1']);
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(connectRaw(listenPort, ['h2'])).rejects.toThrow(/alert/);
  });

  test('below TLS 1.2 is refused and counted', async () => {
    const { listenPort, metricsPort } = await runWebhookHere();
    const agent = new Agent({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    await expect(postReview(listenPort, '{}', { agent })).rejects.toThrow();
    const { text } = await plainGet(metricsPort, '/metrics');
    expect(text).toMatch(/^secrets_injector_tls_handshake_errors_total [1-9]/m);
  });
});
