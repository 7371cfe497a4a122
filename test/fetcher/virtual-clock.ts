/** Time that passes only when somebody sleeps. */
import type { Clock, Deadline } from '../../src/aws/calls/retry.ts';

export interface VirtualTime {
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** Every pause so far, in milliseconds. */
  readonly pauses: readonly number[];
}

/** @param seconds until the deadline */
export function virtualTime(seconds: number, random = 0.5): VirtualTime {
  let now = 1000;
  const pauses: number[] = [];
  return {
    clock: {
      now: () => now,
      sleep: async (milliseconds) => {
        pauses.push(milliseconds);
        now += milliseconds;
      },
      random: () => random,
    },
    deadline: { at: now + seconds * 1000, signal: new AbortController().signal },
    pauses,
  };
}
