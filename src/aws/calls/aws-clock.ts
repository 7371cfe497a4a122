/** The time of AWS, for signatures, so that a wrong clock of the node does not stop a pod. */
import type { Detail } from './errors.ts';

/** The part of a failure that says that a clock is wrong, and when AWS answered by its own. */
export interface ClockFacts {
  readonly detail?: Detail | undefined;
  readonly answeredAt?: number | undefined;
}

export class AwsClock {
  /** Milliseconds by which the time of AWS is ahead. */
  #ahead = 0;

  now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  /** Takes over the time of an answer that rejects a signature because of its time. */
  correct({ detail, answeredAt }: ClockFacts): void {
    if (detail === 'clock' && answeredAt !== undefined) this.#ahead = answeredAt - Date.now();
  }
}
