/**
 * Logs what is retried while it is retried, so that a pod that is killed has reported why. One line for each change: a
 * failure that repeats is not logged again.
 */
import { describeFailure } from './errors.ts';

/** After this many lines, failures that keep changing are no longer logged. */
const MOST_LINES = 30;
/** Failures or services that the termination message names. */
const MOST_TOLD = 3;

/** The last failures of Regions that are unavailable, in the order in which they were tried. */
export type Unavailable = ReadonlyMap<string, unknown>;

export class RetryLog {
  readonly #write: (line: string) => void;
  /** The last failure of each service or secret whose next try has not succeeded. */
  readonly #failures = new Map<string, string>();
  /** How many requests to each service have not been answered. */
  readonly #pending = new Map<string, number>();
  /** Regions that are used instead of others, which were logged. */
  readonly #replacements = new Set<string>();
  #lines = 0;
  #retries = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Notes that a service is asked. @returns what to call when it has answered */
  asking(service: string): () => void {
    const count = (change: number) => this.#pending.set(service, (this.#pending.get(service) ?? 0) + change);
    count(1);
    return () => count(-1);
  }

  /** Notes a failure that is retried. @param what the service or the secret */
  retrying(what: string, failure: unknown): void {
    this.#retries += 1;
    const text = describeFailure(failure);
    if (this.#failures.get(what) === text) return;
    this.#failures.set(what, text);
    this.#log(`${what}: ${text}; retrying`);
  }

  /** How many failures of a run were retried. */
  get retries(): number {
    return this.#retries;
  }

  /** Notes that a Region is used instead of others. @param before the Regions that are unavailable, if any */
  failingOver(before: Unavailable, region: string): void {
    for (const [other, failure] of before) {
      const line = `Secrets Manager in ${other}: ${describeFailure(failure)}; using ${region} instead`;
      if (this.#replacements.has(line)) continue;
      this.#replacements.add(line);
      this.#log(line);
    }
  }

  #log(line: string): void {
    this.#lines += 1;
    if (this.#lines < MOST_LINES) this.#write(line);
    else if (this.#lines === MOST_LINES) this.#write('further failures that are retried are not logged');
  }

  /** Forgets the last failure. */
  succeeded(...what: readonly string[]): void {
    for (const one of what) this.#failures.delete(one);
  }

  /** Why the run has not ended, in a few words: failures that are retried, or else services that have not answered. */
  get current(): string | undefined {
    const failures = [...this.#failures].map(([what, text]) => `${what}: ${text}`);
    if (failures.length > 0) return `last failure: ${shortened(failures)}`;
    const pending = [...this.#pending].flatMap(([service, count]) => (count > 0 ? [service] : []));
    return pending.length > 0 ? `no answer yet from ${shortened(pending)}` : undefined;
  }
}

function shortened(parts: readonly string[]): string {
  const more = parts.length - MOST_TOLD;
  return `${parts.slice(0, MOST_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
