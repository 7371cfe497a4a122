/**
 * Retries until a deadline. STS and Secrets Manager share one loop, because the SDK stops after three tries within a
 * fraction of a second, which is shorter than a network takes to become available when a pod starts.
 */
import { processTime } from '../../runtime/process-time.ts';

/** How to react to a failed try. */
export type FailureClass =
  /** Another try would fail as well. */
  | 'final'
  /** Mostly final, but also returned right after a secret or a permission was created: retried slowly, a few times. */
  | 'settling'
  /** The service asks for fewer requests: longer pauses. */
  | 'throttled'
  /** Network failure, server error or incomplete answer. */
  | 'transient';

/** The time, replaced in tests so that they do not have to wait. */
export interface Clock {
  /** Monotonic milliseconds, which do not change when the system clock is set. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  random(): number;
}

export const systemClock: Clock = {
  now: processTime,
  sleep: async (milliseconds, signal) => {
    // Loaded when it is needed: most runs retry nothing.
    const { setTimeout: delay } = await import('node:timers/promises');
    await delay(milliseconds, undefined, { signal });
  },
  random: Math.random,
};

export interface Deadline {
  /** In milliseconds of the clock. */
  readonly at: number;
  /** Aborted at the deadline or by a signal of kubelet. */
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

/**
 * The pause before a try: a random part of a window that doubles ("full jitter"). The window ends with the deadline, so
 * that a long pause does not end a run that has time for another try.
 * @param failures the number of failed tries
 * @param left milliseconds until the deadline
 */
export function pauseBefore(
  kind: 'settling' | 'throttled' | 'transient',
  failures: number,
  random: number,
  left: number,
): number {
  const { base, most } = PACE[kind];
  // Not shorter than the base, or the tries would come faster and faster towards the deadline.
  const window = Math.min(most, base * 2 ** Math.min(failures, 16), Math.max(base, left));
  // Settling takes some time in any case, so half of the window is fixed.
  return kind === 'settling' ? window / 2 + (window / 2) * random : window * random;
}

/** How to react to failures. */
export interface Reaction {
  /** Called once for each failure. */
  classify(failure: unknown): FailureClass;
  /** Called before the pause of a failure that is retried. */
  retrying(failure: unknown): void;
}

/**
 * Tries until it succeeds, a failure is final, or the next pause would end after the deadline.
 * @throws the last failure, or the one before if the deadline ended the last try, because it says more
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  react: Reaction,
  deadline: Deadline,
  clock: Clock,
): Promise<T> {
  let before: unknown;
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (deadline.signal.aborted) throw before ?? error;
      const kind = react.classify(error);
      if (kind === 'final' || (kind === 'settling' && failures >= SETTLING_TRIES - 1)) throw error;
      before = error;
      const left = deadline.at - clock.now();
      const pause = pauseBefore(kind, failures, clock.random(), left);
      if (pause >= left) throw error;
      react.retrying(error);
      // The check after the pause handles an aborted one.
      await clock.sleep(pause, deadline.signal).catch(() => undefined);
      if (deadline.signal.aborted) throw error;
    }
  }
}
