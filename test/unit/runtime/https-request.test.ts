/** The HTTPS client against a real TLS server that misbehaves. */
import { Agent, createServer } from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Request, sendRequest } from '../../../src/runtime/https-request.ts';
import { makeCertificate, type TlsMaterial } from '../../aws-fake/certificates.ts';
import { answerSlowly, CANARY, FAULTY_ANSWERS, LIMITS, type Respond } from './faulty-answers.ts';

let material: TlsMaterial;
beforeAll(async () => {
  material = await makeCertificate();
});

/** Listens until the end of the test. @returns the port */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function requestTo(port: number, more: Partial<Request> = {}): Request {
  const url = new URL(`https://127.0.0.1:${port}/a?b=c`);
  return { url, method: 'GET', headers: {}, agent: false, ca: material.ca, limits: LIMITS, ...more };
}

async function send(respond: Respond, more: Partial<Request> = {}) {
  const { key, cert } = material;
  const server = createServer({ key, cert }, respond).on('tlsClientError', () => undefined);
  return sendRequest(requestTo(await listen(server), more));
}

test('sends the body with its length, and returns status and body', async () => {
  const answer = await send(
    (request, response) => {
      const { method, url, headers } = request;
      request.setEncoding('utf8').on('data', (text) => {
        response.statusCode = 403;
        response.end(JSON.stringify({ method, url, length: headers['content-length'], text }));
      });
    },
    { method: 'POST', body: 'π' },
  );
  expect(answer).toMatchObject({ ok: true, status: 403, peer: undefined });
  expect(JSON.parse(answer.ok ? answer.body.toString() : '')).toEqual({
    method: 'POST',
    url: '/a?b=c',
    length: '2',
    text: 'π',
  });
});

test('returns the certificate of the server on request', async () => {
  const answer = await send((_, response) => response.end(), { comparesPeer: true });
  const pem = material.cert.replace(/-----[^-]+-----|\s/g, '');
  expect(answer.ok && answer.peer?.toString('base64')).toBe(pem);
});

test('accepts a body of the maximum size', async () => {
  expect(await send((_, response) => response.end('x'.repeat(1_000)))).toMatchObject({ ok: true });
});

test.each(FAULTY_ANSWERS)('an answer that %s is %s', async (_name, code, respond, limits) => {
  expect(await send(respond, { limits })).toEqual({ ok: false, code });
});

test('an answer that is not HTTP, and a request with an invalid header', async () => {
  const notHttp: Respond = (_, response) => response.socket?.end(`${CANARY}\r\n\r\n`);
  expect(await send(notHttp)).toEqual({ ok: false, code: 'HPE_INVALID_CONSTANT' });
  expect(await send(() => undefined, { headers: { x: 'a\nb' } })).toEqual({ ok: false, code: 'UNREADABLE' });
});

test('a server with a certificate of another authority is not trusted', async () => {
  const { ca } = await makeCertificate();
  const answer = await send((_, response) => response.end(), { ca });
  expect(answer.ok ? 'trusted' : answer.code).toMatch(/CERT|SIGNATURE/);
});

test('a refused connection, and one that never completes its handshake', async () => {
  const limits = { ...LIMITS, connect: 50 };
  const silent = await listen(net.createServer());
  expect(await sendRequest(requestTo(silent, { limits }))).toEqual({ ok: false, code: 'CONNECT_TIMEOUT' });
  expect(await sendRequest(requestTo(1, { limits }))).toEqual({ ok: false, code: 'ECONNREFUSED' });
});

test('a handshake that stops is silence', async () => {
  const silent = await listen(net.createServer());
  // Node counts silence twice while a request waits for the handshake.
  const limits = { ...LIMITS, silence: 100, connect: 190 };
  expect(await sendRequest(requestTo(silent, { limits }))).toEqual({ ok: false, code: 'TIMEOUT' });
});

test('progress is not silence', async () => {
  const answer = await send(answerSlowly, { limits: { ...LIMITS, silence: 1_000 } });
  expect(answer.ok).toBe(true);
});

test('a connection that is used again gathers no listeners', async () => {
  const agent = new Agent({ keepAlive: true });
  const { key, cert } = material;
  const sockets = new Set<Socket>();
  const server = createServer({ key, cert }, ({ socket }, response) => {
    sockets.add(socket);
    response.end();
  });
  const port = await listen(server);
  const warned = vi.fn();
  process.on('warning', warned);
  for (let count = 0; count < 15; count += 1)
    expect(await sendRequest(requestTo(port, { agent, limits: { ...LIMITS, silence: 1000 } }))).toMatchObject(
      { ok: true },
    );
  process.off('warning', warned);
  agent.destroy();
  expect(sockets.size).toBe(1);
  expect(warned).not.toHaveBeenCalled();
});

test('a signal ends a request, before it is sent and while it waits', async () => {
  const respond = vi.fn();
  expect(await send(respond, { signal: AbortSignal.abort(CANARY) })).toEqual({ ok: false, code: 'ABORTED' });
  expect(respond).not.toHaveBeenCalled();
  const stop = new AbortController();
  const waiting = send(() => stop.abort(), { signal: stop.signal });
  expect(await waiting).toEqual({ ok: false, code: 'ABORTED' });
});
