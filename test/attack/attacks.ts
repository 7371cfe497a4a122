/** What clients in a cluster can do to a port that they reach. Each attack goes on until its process ends. */
import type { TLSSocket } from 'node:tls';
import { benchReview } from '../bench/webhook-review.ts';
import {
  CHUNKED,
  head,
  hostileJson,
  hostilePods,
  largeAnswer,
  MIB,
  muchWork,
  nested,
  request,
} from './bodies.ts';
import { ask, comeFrom, every, flood, keep, type Target, tcp, tls } from './pressure.ts';

type Attack = (target: Target) => void;

const unfinished = (count: number, bytes: number): Attack => {
  const body = Buffer.alloc(bytes, 0x20);
  return ({ port }) =>
    keep(
      count,
      () => tls(port),
      (write) => {
        write(head(8 * MIB));
        write(body);
      },
    );
};

const dribblingBodies: Attack = ({ port }) =>
  keep(
    1200,
    () => tls(port),
    (write, socket) => {
      write(head(100_000));
      every(500, socket, () => write(' '));
    },
  );

const idle =
  (count: number, port: 'port' | 'probePort' | 'metricsPort'): Attack =>
  (target) =>
    keep(
      count,
      () => (port === 'port' ? tls(target.port) : tcp(target[port])),
      () => undefined,
    );

const fromMany =
  (attack: Attack): Attack =>
  (target) => {
    comeFrom('many');
    attack(target);
  };

const garbage = [
  'hello\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'DELETE /mutate HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx',
  'POST /mutate HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
];

/** All attacks by name. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  '100 unfinished bodies of 8 MiB': unfinished(100, 8 * MIB - 1),
  '1,000 unfinished bodies of 1 MiB': unfinished(1000, MIB),
  '1,200 bodies, a byte at a time': dribblingBodies,
  '1,200 bodies, a byte at a time, from 1,000 addresses': fromMany(dribblingBodies),
  '32 bodies without an end': ({ port }) =>
    keep(
      32,
      () => tls(port),
      (write, socket) => {
        write(CHUNKED);
        flood(write, socket, [Buffer.from(`4000\r\n${' '.repeat(0x4000)}\r\n`)]);
      },
    ),
  '350 answers of 1 MiB that nobody reads': ({ port }) => {
    const review = largeAnswer();
    keep(
      350,
      () => tls(port),
      (write, socket) => {
        socket.pause();
        write(review);
      },
    );
  },
  '500 connections that ask again and again, and read nothing': ({ port }) => {
    const review = largeAnswer(100, 3);
    keep(
      500,
      () => tls(port),
      (write, socket) => {
        socket.pause();
        write(Buffer.concat(Array.from({ length: 20 }, () => review)));
        every(100, socket, () => write(review));
      },
    );
  },
  'nested lists of 8 MiB': ({ port }) => {
    const body = nested();
    keep(
      8,
      () => tls(port),
      (write, socket) => ask(write, socket, [body]),
    );
  },
  'JSON of 8 MiB that is large in memory': ({ port }) => {
    const bodies = [...hostileJson('parsed'), ...hostileJson('refused')];
    keep(
      6,
      () => tls(port),
      (write, socket) => ask(write, socket, bodies),
    );
  },
  'pods of 8 MiB that are large in memory': ({ port }) => {
    const bodies = hostilePods('parsed');
    keep(
      6,
      () => tls(port),
      (write, socket) => ask(write, socket, bodies),
    );
  },
  'pods of 3 MiB that are much work': ({ port }) => {
    const bodies = muchWork();
    keep(
      8,
      () => tls(port),
      (write, socket) => ask(write, socket, bodies),
    );
  },
  '1,200 idle TLS connections': idle(1200, 'port'),
  '1,200 idle TLS connections from 1,000 addresses': fromMany(idle(1200, 'port')),
  '300 idle connections on the port for probes': idle(300, 'probePort'),
  '300 idle connections on the port for metrics': idle(300, 'metricsPort'),
  '1,200 handshakes that stop': ({ port }) =>
    keep(
      1200,
      () => tcp(port),
      (write) => void write(Buffer.from('16030102000100', 'hex')),
    ),
  'handshakes without requests': ({ port }) =>
    keep(
      32,
      () => tls(port),
      (_write, socket) => void socket.destroy(),
    ),
  '1,200 headers, one at a time': ({ port }) =>
    keep(
      1200,
      () => tls(port),
      (write, socket) => {
        write('POST /mutate HTTP/1.1\r\n');
        every(500, socket, () => write(`X-${'x'.repeat(1000)}: 1\r\n`));
      },
    ),
  '200 headers of 64 KiB': ({ port }) =>
    keep(
      200,
      () => tls(port),
      (write) => void write(`POST /mutate HTTP/1.1\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`),
    ),
  'requests in advance': ({ port }) => {
    const review = request(benchReview());
    keep(
      16,
      () => tls(port),
      (write, socket) => flood(write, socket, [review]),
    );
  },
  'reviews without a uid': ({ port }) => {
    const review = request('{"request":{"uid":""}}');
    keep(
      32,
      () => tls(port),
      (write, socket) => ask(write, socket, [review]),
    );
  },
  'requests that are no reviews': ({ port }) => {
    keep(
      32,
      () => tls(port),
      (write, socket) => {
        const text = garbage[Math.floor(Math.random() * garbage.length)] ?? '';
        write(text);
        socket.once('data', () => void socket.destroy());
      },
    );
  },
  'the header Expect': ({ port }) =>
    keep(
      400,
      () => tls(port),
      (write) => void write(head(8 * MIB, 'Expect: 100-continue\r\n')),
    ),
  renegotiation: ({ port }) =>
    keep(
      16,
      () => tls(port, { maxVersion: 'TLSv1.2' }),
      (_write, socket) => {
        every(
          10,
          socket,
          () => void (socket as TLSSocket).renegotiate({ rejectUnauthorized: false }, () => undefined),
        );
      },
    ),
};
