import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FailureClass, pauseBefore, withRetries } from '../../../../src/aws/calls/retry.ts';
import { seededRandom, Timeline } from '../../../fetcher/fleet/timeline.ts';

type Retried = Exclude<FailureClass, 'final'>;

const BASES: Readonly<Record<Retried, number>> = { settling: 1500, throttled: 1000, transient: 100 };
const KINDS = Object.keys(BASES) as Retried[];

/** One lasting failure. @returns when each try began, and when the run ended */
async function lasting(kind: Retried, seconds: number, seed: number) {
  const timeline = new Timeline();
  const ending = new AbortController();
  const deadline = { at: seconds * 1000, signal: ending.signal };
  timeline.schedule(deadline.at, () => ending.abort());
  const tries: number[] = [];
  const attempt = async () => {
    tries.push(timeline.now);
    throw new Error(kind);
  };
  const reaction = { classify: () => kind, retrying: () => undefined };
  const ended = withRetries(attempt, reaction, deadline, timeline.clock(seededRandom(seed))).catch(
    (error: Error) => ({ at: timeline.now, message: error.message }),
  );
  await timeline.run();
  return { tries, ended: await ended };
}

describe('a failure that lasts', () => {
  it.each(['throttled', 'transient'] as const)('%s: is tried until the deadline', async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 600 }), fc.nat(), async (seconds, seed) => {
        const { tries, ended } = await lasting(kind, seconds, seed);
        expect(ended).toMatchObject({ message: kind });
        expect(tries.at(-1)).toBeLessThan(seconds * 1000);
        // Not earlier: a fetcher that gives up has used the time that the user gave it.
        expect(tries.at(-1)).toBeGreaterThanOrEqual(seconds * 1000 - BASES[kind]);
      }),
      { numRuns: 50 },
    );
  });

  it('settling: is tried four times', async () => {
    const { tries, ended } = await lasting('settling', 60, 1);
    expect(tries).toHaveLength(4);
    expect(ended).toMatchObject({ at: tries.at(-1), message: 'settling' });
  });
});

describe('the pause', () => {
  it.each(KINDS)('%s: ends before the deadline, if more than the base is left', (kind) => {
    fc.assert(
      fc.property(
        fc.nat({ max: 1000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.double({ min: BASES[kind], max: 600_000, noNaN: true }),
        // Equal only by rounding, which `withRetries` takes for the end.
        (failures, random, left) => pauseBefore(kind, failures, random, left) <= left,
      ),
    );
  });

  it.each(KINDS)('%s: has a window that doubles up to a limit, and is spread over it', (kind) => {
    const longest = (failures: number) => pauseBefore(kind, failures, 1, 600_000);
    expect(longest(0)).toBe(BASES[kind]);
    expect(longest(1)).toBe(BASES[kind] * 2);
    expect(longest(10_000)).toBe({ settling: 3000, throttled: 20_000, transient: 5000 }[kind]);
    expect(pauseBefore(kind, 1, 0, 600_000)).toBe(kind === 'settling' ? BASES[kind] : 0);
  });
});
