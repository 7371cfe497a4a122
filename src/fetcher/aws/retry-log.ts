/**
 * Logs what is retried while it is retried, so that a pod that is killed has reported why. One line for each change: a
 * failure that repeats is not logged again.
 */
import { describeFailure } from './errors.ts';

/** After this many lines, failures that keep changing are no longer logged. */
const MOST_LINES = 30;
/** Failures that the termination message names. */
const MOST_TOLD = 3;

export class RetryLog {
  readonly #write: (line: string) => void;
  /** The last failure of each service or secret whose next try has not succeeded. */
  readonly #failures = new Map<string, string>();
  #lines = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Notes a failure that is retried. @param what the service or the secret */
  retrying(what: string, failure: unknown): void {
    const text = describeFailure(failure);
    if (this.#failures.get(what) === text) return;
    this.#failures.set(what, text);
    this.#lines += 1;
    if (this.#lines < MOST_LINES) this.#write(`${what}: ${text}; retrying`);
    else if (this.#lines === MOST_LINES) this.#write('further failures that are retried are not logged');
  }

  /** Forgets the last failure. */
  succeeded(...what: readonly string[]): void {
    for (const one of what) this.#failures.delete(one);
  }

  /** The failures that are being retried, in a few words; undefined without any. */
  get current(): string | undefined {
    const told = [...this.#failures].slice(0, MOST_TOLD).map(([what, text]) => `${what}: ${text}`);
    const more = this.#failures.size - told.length;
    if (told.length === 0) return undefined;
    return `${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
}
