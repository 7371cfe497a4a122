/** One HTTPS request with its time limits, on the platform alone. */
import http from 'node:http';
import https from 'node:https';
import { NetworkFailure } from './errors.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Most that an answer of STS can hold; a longer one is not from STS. */
const MOST_BYTES = 256 * 1024;
/** Limits of one try, in milliseconds: of silence (connecting included), and of the whole of it. */
export interface CallLimits {
  readonly silence: number;
  readonly total: number;
}
export const CALL_LIMITS: CallLimits = { silence: 5000, total: 10_000 };

/** Sends a POST and reads the answer whole. @throws NetworkFailure */
export function request(
  url: URL,
  body: string,
  contentType: string,
  agent: http.Agent | undefined,
  signal: AbortSignal,
  limits: CallLimits = CALL_LIMITS,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (kind: string) => reject(new NetworkFailure(kind));
    const options: https.RequestOptions = {
      method: 'POST',
      // A peer that sends a byte now and then is never silent: the whole try has its limit too.
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.total)]),
      timeout: limits.silence,
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

/** The class of a network error: its code, never its message. What is aborted ran out of time. */
export function networkKind(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'AbortError' || code === 'ABORT_ERR' || name === 'TimeoutError') return 'TIMEOUT';
  return typeof code === 'string' ? code : 'UNREADABLE';
}
