import { expect, test } from 'vitest';
import type { Counters } from '../../bench/machine.ts';
import { describeSamples, excessTime, Samples } from '../../bench/samples.ts';

/** Readings around samples of one second on two cores, in which others use so many milliseconds. */
function machine(byOthers: readonly number[]): () => Counters {
  let [readings, idle] = [0, 0];
  return () => {
    const sample = readings >> 1;
    if (readings % 2 === 1) idle += 2000 - 300 - (byOthers[sample % byOthers.length] ?? 0);
    const now = (sample + (readings % 2)) * 1000;
    readings += 1;
    return { now, idle, own: now * 0.3 };
  };
}

test('CPU time that neither was idle nor belongs to the bench is that of others', () => {
  const before = { now: 5000, idle: 100, own: 40 };
  const after = { now: 6000, idle: 1400, own: 440 };
  // 2000 ms in all, 1300 idle, 400 of the bench: 300 of others, of which 100 and the error of the counters are tolerated.
  expect(excessTime(before, after, 2)).toBeCloseTo(190);
});

test('quiet samples count, and are not repeated', async () => {
  const samples = new Samples(machine([0, 100]), 2);
  expect(await samples.take('fetcher', 4, (attempt) => attempt)).toEqual([0, 1, 2, 3]);
  expect(samples.counts.get('fetcher')).toEqual({ taken: 4, thrownAway: 0, disturbed: 0 });
});

test('samples beside busy processes are thrown away and repeated', async () => {
  const samples = new Samples(machine([0, 500, 0]), 2);
  const taken = await samples.take('fetcher', 4, (attempt) => attempt);
  expect(taken.toSorted()).toEqual([0, 2, 3, 5]);
  expect(samples.counts.get('fetcher')).toEqual({ taken: 6, thrownAway: 2, disturbed: 0 });
  expect(describeSamples(samples.counts)).not.toContain('WARNING');
});

test('after three times the attempts, the least disturbed samples fill up, with a warning', async () => {
  const samples = new Samples(machine([900, 500, 0, 400, 700, 800]), 2);
  expect(await samples.take('webhook', 2, (attempt) => attempt)).toEqual([2, 3]);
  expect(samples.counts.get('webhook')).toEqual({ taken: 6, thrownAway: 4, disturbed: 1 });
  expect(describeSamples(samples.counts)).toContain(
    'webhook: 2 samples; 4 more were thrown away. WARNING: other processes were busy during 1 of the 2.',
  );
});

test('the counts of a group are sums', async () => {
  const samples = new Samples(machine([500, 0]), 2);
  for (let time = 0; time < 3; time += 1) await samples.take('decision', 1, () => 0);
  expect(samples.counts.get('decision')).toEqual({ taken: 6, thrownAway: 3, disturbed: 0 });
});

test('the parts of the attempts are spread evenly', async () => {
  const parts = await new Samples(machine([0]), 2).take('limit', 10, (_attempt, part) => part);
  const sorted = parts.toSorted((a, b) => a - b);
  const gaps = sorted.map((part, at) => (sorted[at + 1] ?? 1) - part);
  expect(Math.max(...gaps)).toBeLessThan(0.17);
});
