/** One watch of the API server: an answer that goes on until it ends. */
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { ApiTarget } from './api-client.ts';

export interface WatchStreamParts {
  /** Called with each part of the answer. @returns false to end the watch */
  readonly data: (chunk: Buffer) => boolean;
  readonly signal: AbortSignal;
  /** The parameter `timeoutSeconds` of the request, after which the API server ends the watch. */
  readonly seconds: number;
}

const OPEN_MILLISECONDS = 5_000;
/** TCP finds out after this time without data whether the API server still exists. */
const KEEP_ALIVE_MILLISECONDS = 30_000;

/** Resolves when the watch has ended. Never rejects. @returns the status of the answer; 0 without one */
export function watchStream(target: ApiTarget, { data, signal, seconds }: WatchStreamParts): Promise<number> {
  return new Promise((resolve) => {
    let sent: ReturnType<typeof https.request>;
    try {
      const headers = { ...target.headers, accept: 'application/json' };
      sent = https.request(target.url, { method: 'GET', headers, agent: false, ca: target.ca });
    } catch {
      // Node throws for a certificate authority that is not valid. The next attempt reads it again.
      resolve(0);
      return;
    }
    let status = 0;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      sent.destroy();
      resolve(status);
    };
    let timer = setTimeout(end, OPEN_MILLISECONDS);
    sent.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS));
    sent.on('error', end);
    sent.on('response', (response: IncomingMessage) => {
      status = response.statusCode ?? 0;
      if (status !== 200) return end();
      clearTimeout(timer);
      timer = setTimeout(end, seconds * 1000 + OPEN_MILLISECONDS);
      const read = (chunk: Buffer): void => {
        if (!data(chunk)) end();
      };
      response.on('data', read).on('error', end).on('close', end);
    });
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    else sent.end();
  });
}
