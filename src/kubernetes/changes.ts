/**
 * Reports changes of one object, with a watch of the API server. A report is only a hint that the object may have changed: the
 * caller reads the object, and also reads it at intervals, because a watch can be lost without a trace.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterPlace, readTarget } from './api-client.ts';
import { watchStream } from './watch-stream.ts';

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
const FIRST_PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE_MILLISECONDS = 30_000;

/** Follows the object until the signal aborts. Never rejects. */
export async function followChanges(parts: ChangesParts): Promise<void> {
  // The selector by name makes a permission for the named object sufficient.
  const query = new URLSearchParams({
    watch: '1',
    fieldSelector: `metadata.name=${parts.name}`,
    timeoutSeconds: String(WATCH_SECONDS),
  });
  const data = (): boolean => {
    parts.changed();
    return true;
  };
  let pause = FIRST_PAUSE_MILLISECONDS;
  while (!parts.signal.aborted) {
    const target = await readTarget(parts.place, `${parts.list}?${query}`);
    const isComplete =
      target.ok &&
      (await watchStream(target.value, { data, signal: parts.signal, seconds: WATCH_SECONDS })) === 200;
    pause = isComplete ? FIRST_PAUSE_MILLISECONDS : Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    // Jitter, so that replicas do not start their watches together.
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal: parts.signal, ref: false }).catch(
      () => undefined,
    );
  }
}
