/** The pauses between looks for new versions. */
import { expect, test } from 'vitest';
import { LookSchedule } from '../../../../src/fetcher/refresh/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ALMOST_ONE = 1 - Number.EPSILON;

/** The shortest and the longest pause of a question. */
function range(ask: (schedule: LookSchedule) => number, seconds = 300): readonly [number, number] {
  const [least, most] = [0, ALMOST_ONE].map((random) => ask(new LookSchedule(seconds, () => random)));
  const [low = 0, high = 0] = [least, most].map((pause) => Math.round(pause ?? Number.NaN));
  return low <= high ? [low, high] : [high, low];
}

/** The pause after some failures of one kind. */
function afterFailures(kind: 'transient' | 'throttled' | 'final', failures: number, seconds = 300) {
  return range((schedule) => {
    for (let failed = 1; failed < failures; failed += 1) schedule.after(kind);
    return schedule.after(kind);
  }, seconds);
}

test('the first look is at any time of the first interval', () => {
  expect(range((schedule) => schedule.first())).toEqual([0, 5 * MINUTE]);
});

test('two looks are at most one interval apart, and a tenth less at least', () => {
  expect(range((schedule) => schedule.after('done'))).toEqual([4.5 * MINUTE, 5 * MINUTE]);
});

test('after an outage, the pause doubles from 15 seconds up to the interval', () => {
  expect(afterFailures('transient', 1)).toEqual([7_500, 15_000]);
  expect(afterFailures('transient', 2)).toEqual([15_000, 30_000]);
  expect(afterFailures('transient', 6)).toEqual([2.5 * MINUTE, 5 * MINUTE]);
  expect(afterFailures('transient', 1000)).toEqual([2.5 * MINUTE, 5 * MINUTE]);
});

test('throttled looks are never closer than the interval, and less frequent each time', () => {
  expect(afterFailures('throttled', 1)).toEqual([5 * MINUTE, 10 * MINUTE]);
  expect(afterFailures('throttled', 2)).toEqual([10 * MINUTE, 20 * MINUTE]);
  expect(afterFailures('throttled', 1000)).toEqual([HOUR / 2, HOUR]);
});

test('a long interval is not shortened by throttling', () => {
  expect(afterFailures('throttled', 1, 86_400)).toEqual([24 * HOUR, 48 * HOUR]);
  expect(afterFailures('throttled', 9, 86_400)).toEqual([24 * HOUR, 48 * HOUR]);
});

test('a failure that somebody has to fix changes nothing', () => {
  expect(afterFailures('final', 7)).toEqual([4.5 * MINUTE, 5 * MINUTE]);
});

test('a success ends the backoff', () => {
  const pauses = range((schedule) => {
    for (let failed = 0; failed < 9; failed += 1) schedule.after('transient');
    schedule.after('done');
    return schedule.after('transient');
  });
  expect(pauses).toEqual([7_500, 15_000]);
});
