/**
 * Retries until a deadline. One loop for STS and Secrets Manager alike, because the SDK's own gives up after three
 * tries within a fraction of a second, which is shorter than a network takes to come up at a pod's start.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** How a failed try is to be taken. */
export type FailureClass =
  /** Will not change by itself. */
  | 'final'
  /** Final in most cases, but seen right after a secret or a permission was created: tried again slowly, a few times. */
  | 'settling'
  /** The service asks for less: longer pauses. */
  | 'throttled'
  /** Network, server or truncated answer. */
  | 'transient';

/** Time, as far as retries need it: replaced in tests, so that none has to wait. */
export interface Clock {
  /** Monotonic milliseconds: a clock that is set during the run changes nothing. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
  random: Math.random,
};

export interface Deadline {
  /** On the clock's scale. */
  readonly at: number;
  /** Ends everything: the deadline or a signal of the kubelet. */
  readonly signal: AbortSignal;
}

interface Pace {
  readonly base: number;
  readonly most: number;
}

const PACE: Readonly<Record<'settling' | 'throttled' | 'transient', Pace>> = {
  settling: { base: 1500, most: 3000 },
  throttled: { base: 1000, most: 20_000 },
  transient: { base: 100, most: 5000 },
};
const SETTLING_TRIES = 4;

/** The pause before a try: a random part of a window that doubles ("full jitter"). @param failures how many came before */
export function pauseBefore(
  kind: 'settling' | 'throttled' | 'transient',
  failures: number,
  random: number,
): number {
  const { base, most } = PACE[kind];
  const window = Math.min(most, base * 2 ** Math.min(failures, 16));
  // What settles needs a while for certain: half of the window is fixed.
  return kind === 'settling' ? window / 2 + (window / 2) * random : window * random;
}

/**
 * Tries until it works, a failure is final, or the next pause would end after the deadline.
 * @param classify how to take a failure; called once for each
 * @throws the last failure; of a try that the deadline cut short, the one before, which says more
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  classify: (error: unknown) => FailureClass,
  deadline: Deadline,
  clock: Clock,
): Promise<T> {
  let before: unknown;
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (deadline.signal.aborted) throw before ?? error;
      const kind = classify(error);
      if (kind === 'final' || (kind === 'settling' && failures >= SETTLING_TRIES - 1)) throw error;
      before = error;
      const pause = pauseBefore(kind, failures, clock.random());
      if (clock.now() + pause >= deadline.at) throw error;
      // A sleep that is cut short is seen at the next try.
      await clock.sleep(pause, deadline.signal).catch(() => undefined);
      if (deadline.signal.aborted) throw error;
    }
  }
}
