/**
 * The order of decisions while more of them wait than the process can make at once. Each takes the event loop for its time, so
 * between two expensive ones, connections are served. The address comes first that has used less time, with the expected time
 * of its next body: an API server's review does not wait for all the large bodies of somebody else.
 */

/** Decisions run at once until they have taken this time since the event loop last served connections. */
const TURN_MILLISECONDS = 5;
/** The expected cost of a body: a decision takes at most about 16 ms for a MiB. */
const BYTES_EACH_MILLISECOND = 64 * 1024;

interface Job {
  readonly address: string;
  readonly expected: number;
  readonly work: () => void;
}

export class FairQueue {
  /** Waiting jobs of each address, in their order. */
  readonly #waiting = new Map<string, Set<Job>>();
  /** Time used by each address that was served while others waited, on the scale of `#least`. */
  readonly #used = new Map<string, number>();
  /** The used time at which addresses start that were not served lately. */
  #least = 0;
  #spent = 0;
  #isScheduled = false;

  /** Runs the work, now or later. @param bytes of its body, from which its time is estimated */
  add(address: string, bytes: number, work: () => void): void {
    const job = { address, expected: bytes / BYTES_EACH_MILLISECOND, work };
    this.#schedule();
    const others = this.#waiting.get(address);
    if (others !== undefined) others.add(job);
    else if (this.#waiting.size > 0 || this.#spent >= TURN_MILLISECONDS)
      this.#waiting.set(address, new Set([job]));
    else this.#run(job);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After the event loop has served connections once.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#spent = 0;
      while (this.#waiting.size > 0 && this.#spent < TURN_MILLISECONDS) this.#runNext();
      if (this.#waiting.size > 0) this.#schedule();
      else this.#used.clear();
    });
  }

  #runNext(): void {
    let next: Job | undefined;
    let rank = Number.POSITIVE_INFINITY;
    for (const [address, jobs] of this.#waiting) {
      const [first] = jobs;
      const own = this.#usedBy(address) + (first?.expected ?? 0);
      if (own < rank) [next, rank] = [first, own];
    }
    if (next === undefined) return;
    const jobs = this.#waiting.get(next.address);
    jobs?.delete(next);
    if (jobs?.size === 0) this.#waiting.delete(next.address);
    this.#least = this.#usedBy(next.address);
    this.#run(next);
  }

  #usedBy(address: string): number {
    return Math.max(this.#used.get(address) ?? 0, this.#least);
  }

  #run({ address, work }: Job): void {
    const started = performance.now();
    try {
      work();
    } finally {
      const took = performance.now() - started;
      this.#spent += took;
      this.#used.set(address, this.#usedBy(address) + took);
    }
  }
}
