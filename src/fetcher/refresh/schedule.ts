/**
 * When the sidecar looks for new versions. Pods that start together, and pods that fail together, must not ask Secrets
 * Manager together: every pause has a random part. Pauses are for timers of a monotonic clock, so setting the system clock
 * does not change them.
 */
import type { FailureClass } from '../../aws/calls/retry.ts';

/** How a look ended: it has succeeded, with or without new versions, or it failed. */
export type LookEnd = 'done' | FailureClass;

/** A look follows the last one within the interval. The pause is shorter by up to this share of it. */
const SHORTER_BY = 0.1;
/** The first pause after an outage, in milliseconds. */
const TRANSIENT_BASE = 15_000;
/** The longest pause while Secrets Manager throttles, unless the interval itself is longer. */
const THROTTLED_MOST = 3_600_000;
/** Doubling ends here, because every interval is shorter. */
const MOST_DOUBLINGS = 16;

/** The longest pause between two attempts of an action, in milliseconds. */
const ACTION_MOST = 300_000;

/**
 * Milliseconds until the next attempt of actions that have failed. It doubles from a second to five minutes, and never ends.
 * @param failures at least 1
 */
export function actionPause(failures: number, random: number): number {
  return (Math.min(ACTION_MOST, 1000 * 2 ** Math.min(failures, MOST_DOUBLINGS)) / 2) * (1 + random);
}

/** The pauses between the looks of one pod. */
export class LookSchedule {
  readonly #interval: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param seconds the interval of the annotation @param random a number of at least 0 and less than 1 */
  constructor(seconds: number, random: () => number) {
    this.#interval = seconds * 1000;
    this.#random = random;
  }

  /** Milliseconds from the start until the first look: any part of the interval, so that pods of one start spread over it. */
  first(): number {
    return this.#interval * this.#random();
  }

  /**
   * Milliseconds until the next look.
   * - After a success: the interval, or up to a tenth less.
   * - After an outage: a pause that doubles up to the interval, so that an outage ends everywhere soon after it has ended.
   * - While throttled: longer than the interval, doubling up to an hour, so that the rate falls.
   * - After any other failure: as after a success. Somebody has to change something, and fast looks would not help.
   */
  after(end: LookEnd): number {
    this.#failures = end === 'done' ? 0 : Math.min(this.#failures + 1, MOST_DOUBLINGS);
    switch (end) {
      case 'done':
      case 'settling':
      case 'final':
        return this.#interval * (1 - SHORTER_BY * this.#random());
      case 'transient':
        return this.#halfRandom(Math.min(this.#interval, TRANSIENT_BASE * 2 ** (this.#failures - 1)));
      case 'throttled':
        return this.#halfRandom(
          Math.min(Math.max(2 * this.#interval, THROTTLED_MOST), this.#interval * 2 ** this.#failures),
        );
    }
  }

  #halfRandom(window: number): number {
    return (window / 2) * (1 + this.#random());
  }
}
