/** A service of AWS in virtual time: a token bucket in front of it, and outages. */
import type { Timeline } from './timeline.ts';

/** A token bucket, as AWS uses for request limits. */
export interface Limit {
  readonly perSecond: number;
  readonly burst: number;
}

/** From and to in milliseconds. Connections are refused in between. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

export type Verdict = 'accepted' | 'throttled' | 'refused';

export interface Call {
  /** When it arrived, in milliseconds. */
  readonly at: number;
  readonly verdict: Verdict;
}

export class LimitedService {
  readonly calls: Call[] = [];
  readonly #timeline: Timeline;
  readonly #limit: Limit;
  readonly #outage: Outage | undefined;
  #tokens: number;
  #filledAt = 0;

  constructor(timeline: Timeline, limit: Limit, outage?: Outage) {
    this.#timeline = timeline;
    this.#limit = limit;
    this.#outage = outage;
    this.#tokens = limit.burst;
  }

  /** A call that arrives now. */
  call(): Verdict {
    const at = this.#timeline.now;
    const isOut = this.#outage !== undefined && at >= this.#outage.from && at < this.#outage.to;
    const verdict = isOut ? 'refused' : this.#takeToken(at) ? 'accepted' : 'throttled';
    this.calls.push({ at, verdict });
    return verdict;
  }

  #takeToken(at: number): boolean {
    const { perSecond, burst } = this.#limit;
    this.#tokens = Math.min(burst, this.#tokens + ((at - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = at;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
