/** A service of AWS in virtual time: a token bucket in front of it, and outages. */
import { NetworkFailure } from '../../../src/aws/calls/errors.ts';
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

  /**
   * Calls the service over a network that takes some time in each direction.
   * @param oneWay milliseconds @throws NetworkFailure
   */
  async ask(oneWay: () => number, signal: AbortSignal): Promise<'accepted' | 'throttled'> {
    const thereAndBack = async (): Promise<Verdict> => {
      await this.#timeline.wait(oneWay(), signal);
      const verdict = this.#arrive();
      await this.#timeline.wait(oneWay(), signal);
      return verdict;
    };
    const verdict = await thereAndBack().catch(() => {
      throw new NetworkFailure('ABORTED');
    });
    if (verdict === 'refused') throw new NetworkFailure('ECONNREFUSED');
    return verdict;
  }

  #arrive(): Verdict {
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
