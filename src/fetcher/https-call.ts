/** One HTTPS request with its time limits, on the platform alone. */
import http from 'node:http';
import https from 'node:https';
import { NetworkFailure } from './failures.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Most that an answer of STS can hold; a longer one is not from STS. */
const MOST_BYTES = 256 * 1024;
/** Silence for this long, connecting included, ends a try. */
export const SILENCE_MS = 5000;

/** Sends a POST and reads the answer whole. @throws NetworkFailure */
export function request(
  url: URL,
  body: string,
  contentType: string,
  agent: http.Agent | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (kind: string) => reject(new NetworkFailure(kind));
    const options: https.RequestOptions = {
      method: 'POST',
      signal,
      timeout: SILENCE_MS,
      headers: { 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
      ...(agent === undefined ? {} : { agent }),
    };
    const sent = (url.protocol === 'https:' ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) sent.destroy();
        else chunks.push(chunk);
      });
      response.on('error', () => fail('TRUNCATED'));
      response.on('close', () => {
        if (response.complete)
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        else fail('TRUNCATED');
      });
    });
    sent.on('timeout', () => {
      fail('TIMEOUT');
      sent.destroy();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => fail(networkKind(error)));
    sent.end(body);
  });
}

/** The class of a network error: its code, never its message. */
export function networkKind(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'AbortError' || code === 'ABORT_ERR') return 'ABORTED';
  if (name === 'TimeoutError') return 'TIMEOUT';
  return typeof code === 'string' ? code : 'UNREADABLE';
}
