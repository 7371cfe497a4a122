/** HTTP over pooled connections, against real TLS servers that misbehave. */
import dns from 'node:dns';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { ConnectionPool, type PoolRequest } from '../../../../src/aws/connections/connection-pool.ts';
import { MOST_SOCKETS } from '../../../../src/aws/connections/early-connections.ts';
import { trustAuthorities } from '../../../../src/aws/connections/trust.ts';
import type { Answer } from '../../../../src/runtime/answer.ts';
import { makeCertificate, type TlsMaterial } from '../../../aws-fake/certificates.ts';
import { answerSlowly, CANARY, FAULTY_ANSWERS, LIMITS, type Respond } from '../../runtime/faulty-answers.ts';

let material: TlsMaterial;
beforeAll(async () => {
  material = await makeCertificate();
  trustAuthorities(material.ca);
});
afterAll(() => void trustAuthorities(''));

interface Place {
  readonly pool: ConnectionPool;
  /** Connections that the server accepted. */
  readonly sockets: ReadonlySet<Socket>;
  send(more?: Partial<PoolRequest>): Promise<Answer>;
}

interface PoolOptions {
  readonly protocol?: string;
  readonly preopened?: number;
  readonly address?: string;
  /** By default, the address. */
  readonly host?: string;
}

/** Listens until the end of the test. */
async function openPool(
  server: Server,
  { protocol = 'https', preopened = 0, address = '127.0.0.1', host }: PoolOptions = {},
): Promise<Place> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const url = new URL(`${protocol}://${host ?? address}:${(server.address() as AddressInfo).port}`);
  const pool = new ConnectionPool(url, preopened);
  onTestFinished(() => {
    pool.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const send: Place['send'] = (more) =>
    pool.send({ method: 'GET', path: '/', headers: {}, limits: LIMITS, ...more });
  return { pool, sockets, send };
}

const serve = (respond: Respond, preopened = 0) =>
  openPool(createServer({ key: material.key, cert: material.cert }, respond), { preopened });

/** A server of TLS that sends bytes for each piece of a request. */
const serveBytes = (answer: (socket: Socket, piece: string, index: number) => unknown) => {
  let index = 0;
  return openPool(
    tls.createServer({ key: material.key, cert: material.cert }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        answer(socket, bytes.toString('latin1'), index);
        index += 1;
      });
    }),
  );
};

const closeOf = (socket: Socket | undefined) => new Promise((resolve) => socket?.once('close', resolve));

/** Ends connections from the side of the server. They are closed when the client has noticed it. */
async function endAll(sockets: ReadonlySet<Socket>): Promise<void> {
  await Promise.all([...sockets].map((socket) => closeOf(socket.end())));
}

const bodyOf = (answer: Answer) => (answer.ok ? answer.body.toString() : answer.code);

test.each(['https', 'http'])(
  '%s: sends the body with its length, and returns status and body',
  async (protocol) => {
    const respond: Respond = (request, response) => {
      const { method, url, headers, httpVersion } = request;
      request.setEncoding('utf8').on('data', (text) => {
        response.writeHead(403, {
          'x-amzn-ErrorType': 'AccessDeniedException',
          'set-cookie': ['a=1', 'b=2'],
        });
        response.end(JSON.stringify({ method, url, httpVersion, headers, text }));
      });
    };
    const server =
      protocol === 'http'
        ? createHttpServer(respond)
        : createServer({ key: material.key, cert: material.cert }, respond);
    const { send } = await openPool(server, { protocol });
    const answer = await send({
      method: 'POST',
      path: '/a?b=c',
      headers: { 'X-Amz-Target': 'secretsmanager.GetSecretValue', 'content-length': '999' },
      body: 'π',
    });
    expect(answer).toMatchObject({
      ok: true,
      status: 403,
      headers: { 'x-amzn-errortype': 'AccessDeniedException', 'set-cookie': 'a=1, b=2' },
      peer: undefined,
    });
    expect(JSON.parse(bodyOf(answer))).toEqual({
      method: 'POST',
      url: '/a?b=c',
      httpVersion: '1.1',
      headers: {
        host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        'x-amz-target': 'secretsmanager.GetSecretValue',
        'content-length': '2',
      },
      text: 'π',
    });
  },
);

test.each<[string, Partial<PoolRequest>]>([
  ['a line break in a header', { headers: { authorization: `a\r\nx: ${CANARY}` } }],
  ['a character beyond Latin-1 in a header', { headers: { authorization: 'π' } }],
  ['a name of a header with a blank', { headers: { 'a b': 'c' } }],
  ['a framing of its own', { headers: { 'Transfer-Encoding': 'chunked' } }],
  ['a blank in the path', { path: '/a b' }],
  ['a line break in the path', { path: '/a HTTP/1.1\r\nx: y' }],
])('a request with %s is not sent', async (_, more) => {
  const { send, sockets } = await serve((_request, response) => response.end());
  expect(await send(more)).toEqual({ ok: false, code: 'UNREADABLE' });
  expect(sockets.size).toBe(0);
});

describe('an answer', () => {
  test.each(FAULTY_ANSWERS)('that %s is %s', async (_name, code, respond, limits) => {
    const { send } = await serve(respond);
    expect(await send({ limits })).toEqual({ ok: false, code });
  });

  test.each([
    ['is not HTTP', `${CANARY}\r\n\r\n`],
    ['switches to another protocol', 'HTTP/1.1 101 Go\r\nupgrade: x\r\n\r\n'],
  ])('that %s is UNREADABLE', async (_name, text) => {
    const { send } = await serveBytes((socket) => socket.write(text));
    expect(await send()).toEqual({ ok: false, code: 'UNREADABLE' });
  });

  it('whose connection is reset is not complete, although its end is that of the connection', async () => {
    let tcp: Socket | undefined;
    const server = tls.createServer({ key: material.key, cert: material.cert }, (socket) => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\n\r\n${CANARY}`, () => tcp?.resetAndDestroy());
        });
    });
    server.on('connection', (socket) => {
      tcp = socket;
    });
    const { send } = await openPool(server);
    expect(await send()).toEqual({ ok: false, code: 'TRUNCATED' });
  });

  it('can have the maximum size', async () => {
    const { send } = await serve((_, response) => response.end('x'.repeat(1_000)));
    expect(bodyOf(await send())).toBe('x'.repeat(1_000));
  });

  it('that makes progress is not silent', async () => {
    const { send } = await serve(answerSlowly);
    expect(await send({ limits: { ...LIMITS, silence: 1_000 } })).toMatchObject({ ok: true });
  });

  it('can come before the request is complete, and ends with the connection', async () => {
    const { send } = await serveBytes((socket) => socket.end(`HTTP/1.0 400 No\r\n\r\n${CANARY}`));
    expect(await send()).toMatchObject({ ok: true, status: 400, body: Buffer.from(CANARY) });
  });
});

describe('a connection', () => {
  it('is used again', async () => {
    const { send, sockets } = await serve((_, response) => response.end('answer'));
    for (let count = 0; count < 15; count += 1) expect(bodyOf(await send())).toBe('answer');
    expect(sockets.size).toBe(1);
  });

  it('is one of four at most, and requests wait in the order of their arrival', async () => {
    const open: { readonly url: string; readonly response: ServerResponse }[] = [];
    let arrived = (): void => undefined;
    const { send, sockets } = await serve(({ url = '' }, response) => {
      open.push({ url, response });
      arrived();
    });
    const paths = Array.from({ length: 10 }, (_, index) => `/${index}`);
    const answers = paths.map((path) => send({ path }));
    const seen: string[] = [];
    while (seen.length < paths.length) {
      const expected = Math.min(MOST_SOCKETS, paths.length - seen.length);
      while (open.length < expected)
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      expect(open).toHaveLength(expected);
      const one = open.shift();
      seen.push(one?.url ?? '');
      one?.response.end(one.url);
    }
    expect((await Promise.all(answers)).map(bodyOf)).toEqual(paths);
    expect(seen.toSorted()).toEqual(paths);
    expect(sockets.size).toBe(MOST_SOCKETS);
  });

  it('that the server closed is not used again', async () => {
    const { send, sockets } = await serve((_, response) => response.end('answer'));
    await send();
    await endAll(sockets);
    expect(bodyOf(await send())).toBe('answer');
    expect(sockets.size).toBe(2);
  });

  it.each([
    ['asks to close it', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: Close\r\n\r\nok'],
    ['is of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['is followed by bytes', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n'],
  ])('whose answer %s is not used again', async (_, text) => {
    const { send, sockets } = await serveBytes((socket) => socket.write(text));
    expect(bodyOf(await send())).toBe('ok');
    expect(bodyOf(await send())).toBe('ok');
    expect(sockets.size).toBe(2);
  });

  it('that sends bytes between two requests is not used again', async () => {
    const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    let server: Socket | undefined;
    const { send, sockets } = await serveBytes((socket) => {
      server = socket;
      socket.write(ok);
    });
    expect(bodyOf(await send())).toBe('ok');
    const closed = closeOf([...sockets][0]);
    server?.write(ok.replace('ok', 'no'));
    await closed;
    expect(bodyOf(await send())).toBe('ok');
    expect(sockets.size).toBe(2);
  });

  it('of a request that failed is closed, and the next request gets another', async () => {
    const { send, sockets } = await serve(({ url }, response) => {
      if (url !== '/silent') response.end('answer');
    });
    const silent = await Promise.all(
      Array.from({ length: 6 }, () => send({ path: '/silent', limits: { ...LIMITS, silence: 50 } })),
    );
    expect(silent).toEqual(silent.map(() => ({ ok: false, code: 'TIMEOUT' })));
    expect(bodyOf(await send())).toBe('answer');
    expect([...sockets].filter((socket) => !socket.destroyed)).toHaveLength(1);
  });

  it('that was opened early, and was lost, costs nothing', async () => {
    const { send, sockets, pool } = await serve((_, response) => response.end('answer'), 2);
    while (sockets.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await endAll(sockets);
    pool.secure();
    expect(bodyOf(await send())).toBe('answer');
    expect(sockets.size).toBe(3);
  });

  it('that is refused, and a handshake that stops', async () => {
    const silent = await openPool(net.createServer());
    const limits = { ...LIMITS, silence: 100 };
    expect(await silent.send({ limits })).toEqual({ ok: false, code: 'TIMEOUT' });
    const refused = new ConnectionPool(new URL('https://127.0.0.1:1'), 2);
    const request = { method: 'GET', path: '/', headers: {}, limits } as const;
    expect(await refused.send(request)).toEqual({ ok: false, code: 'ECONNREFUSED' });
    const unknown = new ConnectionPool(new URL('https://no-such-host.invalid'), 0);
    expect(await unknown.send(request)).toMatchObject({
      code: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/),
    });
  });

  // Node.js replaces the handle of a socket that tries the next address.
  it.each([0, 2])('to a host whose first address refuses it, %i of them early', async (preopened) => {
    const named = await makeCertificate(['aws.test']);
    trustAuthorities(named.ca);
    const addresses = ['127.0.0.9', '127.0.0.1'].map((address) => ({ address, family: 4 }));
    const original = dns.lookup;
    const lookup = vi.spyOn(dns, 'lookup');
    lookup.mockImplementation(((...args: readonly unknown[]) => {
      const answer = args.at(-1) as (error: null, all: typeof addresses) => void;
      if (args[0] === 'aws.test') setImmediate(() => answer(null, addresses));
      else Reflect.apply(original, dns, args);
    }) as typeof dns.lookup);
    onTestFinished(() => {
      lookup.mockRestore();
      trustAuthorities(material.ca);
    });
    const server = createServer({ key: named.key, cert: named.cert }, (_, response) =>
      response.end('answer'),
    );
    const { pool, send, sockets } = await openPool(server, { preopened, host: 'aws.test' });
    pool.secure();
    expect(bodyOf(await send())).toBe('answer');
    pool.close();
    await Promise.all([...sockets].map((socket) => (socket.destroyed ? undefined : closeOf(socket))));
  });

  it('through a proxy is one of four, although requests end before it is open', async () => {
    const proxy = net.createServer((socket) => void socket.on('error', () => undefined).resume());
    const accepted: Socket[] = [];
    proxy.on('connection', (socket) => accepted.push(socket));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const pool = new ConnectionPool(new URL('https://aws.test'), 0, new URL(`http://127.0.0.1:${port}`));
    onTestFinished(() => {
      pool.close();
      proxy.close();
    });
    const request = { method: 'GET', path: '/', headers: {}, limits: LIMITS } as const;
    for (let count = 0; count < 10; count += 1) {
      const stop = new AbortController();
      const answer = pool.send({ ...request, signal: stop.signal });
      while (accepted.length < Math.min(count + 1, MOST_SOCKETS))
        await new Promise((resolve) => setTimeout(resolve, 5));
      stop.abort();
      expect(await answer).toEqual({ ok: false, code: 'ABORTED' });
    }
    expect(accepted).toHaveLength(MOST_SOCKETS);
  });

  it('that is not TLS', async () => {
    const { send } = await openPool(net.createServer((socket) => socket.write('SSH-2.0-x\r\n')));
    expect(await send()).toMatchObject({ ok: false, code: expect.stringMatching(/^(?:ERR_SSL|EPROTO)/) });
  });
});

describe('a server gets nothing', () => {
  it.each([
    ['of another authority', () => makeCertificate(), '127.0.0.1', undefined],
    ['of another host', async () => material, '127.0.0.2', undefined],
    ['that the environment accepts', () => makeCertificate(), '127.0.0.1', '0'],
  ])('with a certificate %s', async (_, make, address, variable) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', variable);
    onTestFinished(() => void vi.unstubAllEnvs());
    const received: string[] = [];
    const { key, cert } = await make();
    const server = tls.createServer({ key, cert }, (socket) => {
      socket.on('error', () => undefined).on('data', (bytes) => received.push(bytes.toString('latin1')));
    });
    const { send } = await openPool(server, { address });
    const answer = await send({ method: 'POST', body: CANARY, headers: { authorization: CANARY } });
    expect(answer).toMatchObject({ ok: false, code: expect.stringMatching(/CERT|SIGNATURE|LEAF/) });
    expect(received).toEqual([]);
  });
});

describe('the caller', () => {
  it('ends a request before it is sent, while it waits for a connection, and while the server is silent', async () => {
    const asked: string[] = [];
    let arrived = (): void => undefined;
    const { send } = await serve(({ url = '' }) => {
      asked.push(url);
      if (asked.length === MOST_SOCKETS) arrived();
    });
    const aborted = { ok: false, code: 'ABORTED' };
    expect(await send({ signal: AbortSignal.abort(CANARY), path: '/never' })).toEqual(aborted);
    const stop = new AbortController();
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const running = Array.from({ length: MOST_SOCKETS }, () => send({ signal: stop.signal }));
    const waiting = new AbortController();
    const last = send({ signal: waiting.signal, path: '/never' });
    await all;
    waiting.abort();
    expect(await last).toEqual(aborted);
    stop.abort();
    expect(await Promise.all(running)).toEqual(running.map(() => aborted));
    expect(asked).not.toContain('/never');
  });

  it('closes the pool: all requests end, and so do the connections', async () => {
    let arrived = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { pool, send, sockets } = await serve(() => arrived(), 3);
    pool.secure();
    const answers = Array.from({ length: 6 }, () => send());
    await first;
    pool.close();
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ ok: false, code: 'ABORTED' })));
    while ([...sockets].some((socket) => !socket.destroyed))
      await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
