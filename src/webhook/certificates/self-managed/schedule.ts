/** When the next check runs: at intervals, soon after a change, and again after a failure. Checks never overlap. */

export interface CheckResult {
  /** `conflict`: another replica was first, so another check soon finds everything done. */
  readonly result: 'done' | 'conflict' | 'failed';
  /** Milliseconds until something is due; the interval if that is sooner. */
  readonly dueIn: readonly number[];
}

/** After a change. Replicas that react to the same change differ by some of it. */
const REACTION_MILLISECONDS = 50;
const SLOWEST_REACTION_MILLISECONDS = 5_000;
/** So many writes in this time are usual, for example when a GitOps tool applies the registrations again. */
const FAST_WRITES = 6;
const WRITES_MILLISECONDS = 60_000;
const FIRST_RETRY_MILLISECONDS = 500;

export class Schedule {
  readonly #check: () => Promise<CheckResult>;
  readonly #interval: number;
  #retryMilliseconds = FIRST_RETRY_MILLISECONDS;
  #timer: NodeJS.Timeout | undefined;
  /** By the clock that never jumps, as all times here. */
  #nextAt = Number.POSITIVE_INFINITY;
  #writes: readonly number[] = [];
  #isChecking = false;
  #hasChanged = false;
  #isStopped = false;

  /** @param check never rejects @param interval in milliseconds, plus or minus a tenth */
  constructor(check: () => Promise<CheckResult>, interval: number) {
    this.#check = check;
    this.#interval = interval;
  }

  /** Runs a check now. */
  async run(): Promise<void> {
    this.#isChecking = true;
    this.#hasChanged = false;
    this.#nextAt = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    const result = await this.#check();
    this.#isChecking = false;
    this.#runIn(this.#delay(result));
    if (this.#hasChanged) this.react();
  }

  /** Runs a check soon, because an object may have changed. */
  react(): void {
    if (this.#isChecking) this.#hasChanged = true;
    else this.#runIn(this.#reactionMilliseconds() * (1 + Math.random()));
  }

  /** Records that a check has changed an object that another program may change back. */
  wrote(): void {
    this.#writes = [...this.#writes, performance.now()];
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #delay({ result, dueIn }: CheckResult): number {
    const jitter = 0.9 + Math.random() / 5;
    if (result === 'conflict') return REACTION_MILLISECONDS * jitter;
    if (result === 'failed') {
      const delay = Math.min(this.#retryMilliseconds, this.#interval) * jitter;
      this.#retryMilliseconds = Math.min(this.#retryMilliseconds * 2, this.#interval);
      // A certificate that falls due meanwhile may not need what failed. What was due before this check, does.
      const later = dueIn.filter((milliseconds) => milliseconds > 0);
      return Math.max(REACTION_MILLISECONDS, Math.min(delay, ...later));
    }
    this.#retryMilliseconds = FIRST_RETRY_MILLISECONDS;
    return Math.max(REACTION_MILLISECONDS, Math.min(this.#interval * jitter, ...dueIn));
  }

  /** Grows with the number of recent writes: another program may answer each of them. */
  #reactionMilliseconds(): number {
    const since = performance.now() - WRITES_MILLISECONDS;
    this.#writes = this.#writes.filter((at) => at > since);
    const further = Math.max(0, this.#writes.length - FAST_WRITES);
    return Math.min(REACTION_MILLISECONDS * 2 ** further, SLOWEST_REACTION_MILLISECONDS);
  }

  /** Schedules a check, unless an earlier one is scheduled. */
  #runIn(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (at >= this.#nextAt || this.#isStopped) return;
    this.#nextAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(), milliseconds).unref();
  }
}
