/**
 * Load on a webhook: kept connections, each with one request at a time. It speaks HTTP on TLS sockets by itself,
 * since a client that does more per request than the server would measure the client. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

const [port = '0', bodyFile = '', connections = '16', milliseconds = '2000'] = process.argv.slice(2);
const body = readFileSync(bodyFile);
const head = `POST /mutate?timeout=5s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
const request = Buffer.concat([Buffer.from(head), body]);
const times: number[] = [];
const started = performance.now();
const until = started + Number(milliseconds);

await Promise.all(Array.from({ length: Number(connections) }, () => keepAsking()));

const seconds = (performance.now() - started) / 1000;
times.sort((a, b) => a - b);
const at = (part: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
const result: LoadResult = { requests: times.length, seconds, p50: at(0.5), p99: at(0.99) };
process.stdout.write(`${JSON.stringify(result)}\n`);

function keepAsking(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    let sent = 0;
    let missing = 0;
    const ask = (): void => {
      sent = performance.now();
      socket.write(request);
    };
    socket.on('secureConnect', ask);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      if (missing === 0) missing = answerLength(chunk);
      missing -= chunk.length;
      if (missing > 0) return;
      const now = performance.now();
      times.push(now - sent);
      if (now < until) ask();
      else socket.end(resolve);
    });
  });
}

/** Bytes of the whole answer, from its first chunk, which holds all headers: both servers write them at once. */
function answerLength(chunk: Buffer): number {
  const end = chunk.indexOf('\r\n\r\n');
  const headers = chunk.toString('latin1', 0, end).toLowerCase();
  const length = /content-length: (\d+)/.exec(headers)?.[1];
  if (!headers.startsWith('http/1.1 200') || length === undefined)
    throw new Error(`answered ${headers.slice(0, 40)}`);
  return end + 4 + Number(length);
}
