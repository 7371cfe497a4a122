/** Virtual time: a queue of events. The time of an event passes when everything before it has happened. */
import type { Clock } from '../../../src/aws/calls/retry.ts';

interface Event {
  readonly at: number;
  readonly act: () => void;
}

export class Timeline {
  #now = 0;
  /** Sorted, the next event last. */
  readonly #events: Event[] = [];

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** @param at in milliseconds; events of the same time happen in the order of these calls */
  schedule(at: number, act: () => void): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const event = this.#events[middle];
      if (event !== undefined && event.at > at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { at, act });
  }

  /** Waits. Rejects as soon as the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(new Error('aborted'));
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.schedule(this.#now + milliseconds, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }

  /** A clock of the fetcher in this time. */
  clock(random: () => number): Clock {
    return { now: () => this.#now, sleep: (milliseconds, signal) => this.wait(milliseconds, signal), random };
  }

  /** Runs until no event is left. */
  async run(): Promise<void> {
    await settled();
    for (let event = this.#events.pop(); event !== undefined; event = this.#events.pop()) {
      this.#now = event.at;
      event.act();
      await settled();
    }
  }
}

/** Waits for all promises that are settled, and what they settle in turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Pseudorandom numbers from 0 to 1 (mulberry32), the same for the same seed on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
