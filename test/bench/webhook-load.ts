/**
 * Load on a webhook: connections with one request at a time each, kept or opened anew for every request. It speaks HTTP on TLS
 * sockets by itself, since a client that does more per request than the server would measure the client. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';

export interface LoadResult {
  /** Answers of status 200. */
  readonly requests: number;
  /** Other answers, and closed connections. */
  readonly refused: number;
  readonly seconds: number;
  /** Milliseconds, with the time to connect if each request has a connection of its own. */
  readonly p50: number;
  readonly p99: number;
}

const [port = '0', bodyFile = '', connections = '16', milliseconds = '2000', kind = 'kept'] =
  process.argv.slice(2);
const body = readFileSync(bodyFile);
const head = `POST /mutate?timeout=5s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
const request = Buffer.concat([Buffer.from(head), body]);
const times: number[] = [];
let refused = 0;
const started = performance.now();
const until = started + Number(milliseconds);

await Promise.all(Array.from({ length: Number(connections) }, () => keepAsking()));

const seconds = (performance.now() - started) / 1000;
times.sort((a, b) => a - b);
const at = (part: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
const result: LoadResult = { requests: times.length, refused, seconds, p50: at(0.5), p99: at(0.99) };
process.stdout.write(`${JSON.stringify(result)}\n`);

async function keepAsking(): Promise<void> {
  while (performance.now() < until) await useConnection();
}

/** Resolves when the connection is closed: after one answer, at the end of the load, or because the server closed it. */
function useConnection(): Promise<void> {
  return new Promise((resolve) => {
    const opened = performance.now();
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    let [sent, missing, isWaiting, isGood] = [opened, 0, true, false];
    const ask = (): void => {
      if (kind === 'kept') sent = performance.now();
      isWaiting = true;
      socket.write(request);
    };
    socket.on('secureConnect', ask);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (isWaiting) refused += 1;
      resolve();
    });
    socket.on('data', (chunk: Buffer) => {
      if (missing === 0) ({ missing, isGood } = readHead(chunk));
      missing -= chunk.length;
      if (missing > 0) return;
      const now = performance.now();
      isWaiting = false;
      if (isGood) times.push(now - sent);
      else refused += 1;
      if (isGood && kind === 'kept' && now < until) ask();
      else socket.end();
    });
  });
}

/** Bytes of the whole answer, from its first chunk, which holds all headers: both servers write them at once. */
function readHead(chunk: Buffer): { missing: number; isGood: boolean } {
  const end = chunk.indexOf('\r\n\r\n');
  const headers = chunk.toString('latin1', 0, end).toLowerCase();
  const length = Number(/content-length: (\d+)/.exec(headers)?.[1] ?? 0);
  return { missing: end + 4 + length, isGood: headers.startsWith('http/1.1 200') };
}
