/**
 * Regional failover: a secret is read in its own Region, and during an outage in the Regions of its replicas, in order.
 * Each Region gets a share of the time until the deadline.
 */
import { rowOf } from './errors.ts';
import type { Clock, Deadline } from './retry.ts';
import type { RetryLog, Unavailable } from './retry-log.ts';

/**
 * Whether another Region may be used after a failure that lasts: outages, timeouts and throttling. An answer about the
 * role or the secret is final: another Region must not hide a permission that was revoked or a secret that was deleted.
 */
export function failsOver(failure: unknown): boolean {
  const { retry, problem } = rowOf(failure);
  const isLasting = retry === 'transient' || retry === 'throttled';
  return isLasting && (problem === 'AWS_UNAVAILABLE' || problem === 'AWS_THROTTLED');
}

/** The Regions that a run has found unavailable. */
export class Outages {
  readonly #failures = new Map<string, unknown>();
  readonly #answers = new Map<string, number>();

  /** Notes an answer about any secret. @param now in milliseconds of the clock */
  answered(region: string, now: number): void {
    this.#answers.set(region, now);
  }

  /** Notes a secret whose whole share failed. The Region may have answered about others. @param since the start of the share */
  failed(region: string, failure: unknown, since: number): void {
    if ((this.#answers.get(region) ?? Number.NEGATIVE_INFINITY) < since) this.#failures.set(region, failure);
  }

  isDown(region: string): boolean {
    return this.#failures.has(region);
  }

  /** The failure of a Region that is down. */
  failureOf(region: string): unknown {
    return this.#failures.get(region);
  }
}

/** A failure in the last Region that was tried. */
export class RegionFailure extends Error {
  readonly region: string;
  readonly failure: unknown;
  readonly before: Unavailable;

  constructor(region: string, failure: unknown, before: Unavailable) {
    super('a secret could not be read');
    this.region = region;
    this.failure = failure;
    this.before = before;
  }
}

export interface InRegion<T> {
  readonly region: string;
  readonly answer: T;
  readonly before: Unavailable;
}

/** What the secrets of a run share. */
export interface FailoverRun {
  readonly outages: Outages;
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly log: RetryLog;
}

/**
 * Reads in the first Region that is available. A Region that another secret found unavailable is skipped; the last one is
 * always tried.
 * @param regions at least one
 * @param read tries until its deadline
 * @throws RegionFailure
 */
export async function readInOrder<T>(
  regions: readonly string[],
  read: (region: string, deadline: Deadline) => Promise<T>,
  { outages, deadline, clock, log }: FailoverRun,
): Promise<InRegion<T>> {
  const last = regions.at(-1) ?? '';
  const before = new Map<string, unknown>();
  for (const [index, region] of regions.slice(0, -1).entries()) {
    if (outages.isDown(region)) {
      before.set(region, outages.failureOf(region));
      continue;
    }
    const others = regions.slice(index + 1, -1).filter((one) => !outages.isDown(one));
    const started = clock.now();
    const share = startShare(deadline, others.length + 2, clock);
    try {
      log.failingOver(before, region);
      const answer = await read(region, share.deadline);
      outages.answered(region, clock.now());
      return { region, answer, before };
    } catch (failure) {
      if (!failsOver(failure)) outages.answered(region, clock.now());
      const isOver = deadline.signal.aborted || clock.now() >= deadline.at - 1;
      if (isOver || !failsOver(failure)) throw new RegionFailure(region, failure, before);
      outages.failed(region, failure, started);
      before.set(region, failure);
    } finally {
      share.end();
    }
  }
  try {
    log.failingOver(before, last);
    const answer = await read(last, deadline);
    outages.answered(last, clock.now());
    return { region: last, answer, before };
  } catch (failure) {
    throw new RegionFailure(last, failure, before);
  }
}

interface Share {
  readonly deadline: Deadline;
  /** Stops the timer. */
  end(): void;
}

/** The share of one Region: the remaining time, divided evenly. @param regions how many Regions share it */
function startShare(deadline: Deadline, regions: number, clock: Clock): Share {
  const now = clock.now();
  const remaining = Math.max(0, deadline.at - now);
  const milliseconds = remaining / regions;
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), milliseconds);
  return {
    deadline: { at: now + milliseconds, signal: AbortSignal.any([deadline.signal, end.signal]) },
    end: () => clearTimeout(timer),
  };
}
