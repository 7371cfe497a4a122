/** The time of AWS, for signatures. The SDK has the same correction for its own requests. */
import { AwsFailure } from './errors.ts';

export class AwsClock {
  /** Milliseconds by which the time of AWS is ahead. */
  #ahead = 0;

  now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  /** Takes over the time of an answer that rejects a signature because of its time. */
  correct(failure: unknown): void {
    if (!(failure instanceof AwsFailure) || failure.detail !== 'clock') return;
    if (failure.answeredAt !== undefined) this.#ahead = failure.answeredAt - Date.now();
  }
}
