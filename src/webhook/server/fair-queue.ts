/**
 * The order of work, such as decisions, while more waits than the process can do at once. Each takes the event loop for its time,
 * so between two expensive ones, connections are served. The address comes first that has used less time, with the expected time
 * of its next body: an API server's review does not wait for all the large bodies of somebody else.
 */

/** Work is done at once until it has taken this time; then the event loop serves connections first. */
const TURN_MILLISECONDS = 5;
/**
 * Node accepts one connection each time it serves connections, in the order of their arrival. After work, the rest waits this long
 * for more of them: otherwise, an API server's connection behind hundreds of others would wait for hundreds of turns.
 */
const CONNECTIONS_MILLISECONDS = 50;

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
  /** A connection was accepted since the last turn. */
  #hasConnected = false;
  #lastWork = 0;
  readonly #now: () => number;

  /** @param now milliseconds of a monotonic clock */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Notes that a connection was accepted. */
  connected(): void {
    this.#hasConnected = true;
    this.#schedule();
  }

  /** Runs the work, now or later. @param expected milliseconds, the least that it counts @returns whether it is done */
  add(address: string, expected: number, work: () => void): boolean {
    const job = { address, expected, work };
    const others = this.#waiting.get(address);
    if (others !== undefined) others.add(job);
    else if (this.#waiting.size > 0 || this.#spent >= TURN_MILLISECONDS || this.#hasConnected)
      this.#waiting.set(address, new Set([job]));
    else {
      this.#run(job);
      // Without a turn of its own for each job, which would cost as much as some jobs.
      if (this.#spent >= TURN_MILLISECONDS) this.#schedule();
      return true;
    }
    this.#schedule();
    return false;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After the event loop has served connections once.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#spent = 0;
      const connectsOn = this.#hasConnected && this.#now() - this.#lastWork < CONNECTIONS_MILLISECONDS;
      this.#hasConnected = false;
      while (!connectsOn && this.#waiting.size > 0 && this.#spent < TURN_MILLISECONDS) this.#runNext();
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

  #run({ address, expected, work }: Job): void {
    const started = this.#now();
    try {
      work();
    } finally {
      this.#lastWork = this.#now();
      const took = Math.max(expected, this.#lastWork - started);
      this.#spent += took;
      this.#used.set(address, this.#usedBy(address) + took);
    }
  }
}
