import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. Pauses grow, because many tests wait at once, and a probe is often a kubectl process. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 750;

export interface Deadline {
  /** Seconds until the wait fails. */
  readonly seconds: number;
  /** Text to add to the error, such as the end of a log. */
  readonly details?: () => string;
  readonly signal?: AbortSignal;
}

/**
 * Polls until there is a result.
 * @param what is awaited, such as "the pod to start"; for the error
 * @param probe returns undefined or throws for "not yet"
 * @throws Error with `what` and the last error of the probe, at the deadline or when the signal aborts
 */
export async function until<T>(
  what: string,
  deadline: Deadline,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + deadline.seconds * 1000;
  let pause = FIRST_PAUSE;
  for (let last = 'no result yet'; ; ) {
    deadline.signal?.throwIfAborted();
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > end)
      throw new Error(
        `waited ${deadline.seconds} s for ${what} (${last})${deadline.details ? `\n${deadline.details()}` : ''}`,
      );
    await delay(pause);
    pause = Math.min(pause * 1.3, LONGEST_PAUSE);
  }
}

/** Ends the wait at once: there will be no result. */
export class HopelessError extends Error {}
