import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. Longer and longer: many ask at once, and a probe is often a whole process of kubectl. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 750;

export interface Deadline {
  /** Seconds until it is given up. */
  readonly seconds: number;
  /** What to add to the complaint, such as the end of a log. */
  readonly details?: () => string;
  readonly signal?: AbortSignal;
}

/**
 * Asks again and again until there is an answer.
 * @param probe answers undefined or throws for "not yet"
 * @throws Error that names what was waited for and the last answer, at the deadline or when the signal fires
 */
export async function until<T>(
  what: string,
  deadline: Deadline,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + deadline.seconds * 1000;
  let pause = FIRST_PAUSE;
  for (let last = 'nothing yet'; ; ) {
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
        `${what}: not after ${deadline.seconds} s (${last})${deadline.details ? `\n${deadline.details()}` : ''}`,
      );
    await delay(pause);
    pause = Math.min(pause * 1.3, LONGEST_PAUSE);
  }
}

/** Ends the waiting at once: it will not come. */
export class HopelessError extends Error {}
