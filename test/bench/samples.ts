/** Takes samples, and throws away those during which other processes were busy. */
import { watchedCores } from './cores.ts';
import { type Counters, readCounters } from './machine.ts';

/** Of one core. On a machine without other work, rounds of half a second showed 6 % at most, counter errors included. */
const MOST_BY_OTHERS = 0.1;
/** The counters are exact to about so many milliseconds. */
const COUNTER_ERROR = 10;
/** Attempts for each sample that is wanted. */
const MOST_ATTEMPTS = 3;
/** Multiples of the golden ratio, without their whole part, are spread evenly however many there are. */
const GOLDEN_RATIO = 0.618_033_988_75;

/** How the samples of one group of measurements came about. */
export interface SampleCount {
  readonly taken: number;
  readonly thrownAway: number;
  /** Among those that count, taken while other processes were busy: too few were quiet. */
  readonly disturbed: number;
}

interface Sample<T> {
  readonly value: T;
  /** Milliseconds of CPU that other processes used, above what is tolerated. */
  readonly excess: number;
}

export class Samples {
  readonly #read: () => Counters;
  readonly #cores: number;
  readonly #counts = new Map<string, SampleCount>();

  constructor(read: () => Counters = readCounters, cores: number = watchedCores().length) {
    this.#read = read;
    this.#cores = cores;
  }

  /** By group. */
  get counts(): ReadonlyMap<string, SampleCount> {
    return this.#counts;
  }

  /**
   * Takes samples until enough of them are quiet. After three times as many attempts, the least disturbed ones fill up.
   * @param sample gets the number of the attempt, and a part of one that is spread evenly over the attempts
   */
  async take<T>(
    group: string,
    wanted: number,
    sample: (attempt: number, part: number) => T | Promise<T>,
  ): Promise<readonly T[]> {
    const samples: Sample<T>[] = [];
    const isMissing = () => samples.filter(({ excess }) => excess === 0).length < wanted;
    for (let attempt = 0; isMissing() && attempt < MOST_ATTEMPTS * wanted; attempt += 1) {
      const before = this.#read();
      const value = await sample(attempt, (attempt * GOLDEN_RATIO) % 1);
      samples.push({ value, excess: excessTime(before, this.#read(), this.#cores) });
    }
    const chosen = samples.toSorted((a, b) => a.excess - b.excess).slice(0, wanted);
    const before = this.#counts.get(group) ?? { taken: 0, thrownAway: 0, disturbed: 0 };
    this.#counts.set(group, {
      taken: before.taken + samples.length,
      thrownAway: before.thrownAway + samples.length - chosen.length,
      disturbed: before.disturbed + chosen.filter(({ excess }) => excess > 0).length,
    });
    return chosen.map(({ value }) => value);
  }
}

/** Milliseconds of CPU that other processes used between two readings, above what is tolerated. */
export function excessTime(before: Counters, after: Counters, cores: number): number {
  const elapsed = after.now - before.now;
  const busy = cores * elapsed - (after.idle - before.idle);
  const byOthers = busy - (after.own - before.own);
  return Math.max(0, byOthers - elapsed * MOST_BY_OTHERS - COUNTER_ERROR);
}

/** Lines about the samples, for the end of a report. */
export function describeSamples(counts: ReadonlyMap<string, SampleCount>): string {
  const lines = [...counts].map(([group, { taken, thrownAway, disturbed }]) => {
    const kept = taken - thrownAway;
    const warning =
      disturbed === 0 ? '' : ` WARNING: other processes were busy during ${disturbed} of the ${kept}.`;
    return `- ${group}: ${kept} samples; ${thrownAway} more were thrown away.${warning}`;
  });
  return ['Samples during which other processes were busy are thrown away and repeated:', ...lines].join(
    '\n',
  );
}
