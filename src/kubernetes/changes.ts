/**
 * Reports changes of one object, with a watch of the API server. A report is only a hint that the object may have changed: the
 * caller reads the object, and also reads it at intervals, because a watch can be lost without a trace.
 */
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiTarget, type ClusterPlace, readTarget } from './api-client.ts';

export interface ChangesParts {
  readonly place: ClusterPlace;
  /** The list that contains the object, such as /api/v1/namespaces/NAMESPACE/secrets. */
  readonly list: string;
  readonly name: string;
  /** Called for each event, also for the one with which each watch starts. */
  readonly changed: () => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** The API server ends a watch after this time, and another one starts with a current token. */
const WATCH_SECONDS = 300;
const OPEN_MILLISECONDS = 5_000;
const FIRST_PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE_MILLISECONDS = 30_000;
/** TCP finds out after this time without data whether the API server still exists. */
const KEEP_ALIVE_MILLISECONDS = 30_000;

/** Follows the object until the signal aborts. Never rejects. */
export async function followChanges(parts: ChangesParts): Promise<void> {
  // The selector by name makes a permission for the named object sufficient.
  const query = new URLSearchParams({
    watch: '1',
    fieldSelector: `metadata.name=${parts.name}`,
    timeoutSeconds: String(WATCH_SECONDS),
  });
  let pause = FIRST_PAUSE_MILLISECONDS;
  while (!parts.signal.aborted) {
    const target = await readTarget(parts.place, `${parts.list}?${query}`);
    const isComplete = target.ok && (await watchOnce(target.value, parts));
    pause = isComplete ? FIRST_PAUSE_MILLISECONDS : Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    // Jitter, so that replicas do not start their watches together.
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal: parts.signal, ref: false }).catch(
      () => undefined,
    );
  }
}

/** One watch. @returns whether it was established */
function watchOnce(target: ApiTarget, { changed, signal }: ChangesParts): Promise<boolean> {
  return new Promise((resolve) => {
    let sent: ReturnType<typeof https.request>;
    try {
      const headers = { ...target.headers, accept: 'application/json' };
      sent = https.request(target.url, { method: 'GET', headers, agent: false, ca: target.ca });
    } catch {
      // Node throws for a certificate authority that is not valid. The next attempt reads it again.
      resolve(false);
      return;
    }
    let isEstablished = false;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      sent.destroy();
      resolve(isEstablished);
    };
    let timer = setTimeout(end, OPEN_MILLISECONDS);
    sent.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS));
    sent.on('error', end);
    sent.on('response', (response: IncomingMessage) => {
      if (response.statusCode !== 200) return end();
      isEstablished = true;
      clearTimeout(timer);
      timer = setTimeout(end, WATCH_SECONDS * 1000 + OPEN_MILLISECONDS);
      response.on('data', changed).on('error', end).on('close', end);
    });
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    else sent.end();
  });
}
