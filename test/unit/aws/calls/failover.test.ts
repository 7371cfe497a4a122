import { expect, it } from 'vitest';
import { AwsFailure, NetworkFailure } from '../../../../src/aws/calls/errors.ts';
import { Outages, RegionFailure, readInOrder } from '../../../../src/aws/calls/failover.ts';
import type { Deadline } from '../../../../src/aws/calls/retry.ts';
import { RetryLog } from '../../../../src/aws/calls/retry-log.ts';
import { virtualTime } from '../../../fetcher/virtual-clock.ts';

const RESET = new NetworkFailure('ECONNRESET');
const REGIONS = ['a', 'b', 'c'];

function makeRun(seconds: number) {
  const lines: string[] = [];
  const outages = new Outages();
  return { ...virtualTime(seconds), outages, lines, log: new RetryLog((line) => lines.push(line)) };
}

type Run = ReturnType<typeof makeRun>;

/** Reads in a Region that fails until the end of its share. @returns the share in seconds by Region */
async function sharesOf(run: Run, regions = REGIONS) {
  const shares: [string, number][] = [];
  const read = async (region: string, share: Deadline) => {
    const milliseconds = share.at - run.clock.now();
    shares.push([region, Math.round(milliseconds / 100) / 10]);
    await run.clock.sleep(milliseconds, share.signal);
    throw RESET;
  };
  const failure: unknown = await readInOrder(regions, read, run).catch((error: unknown) => error);
  return { shares, failure };
}

it.each([
  [
    60,
    [
      ['a', 20],
      ['b', 20],
      ['c', 20],
    ],
  ],
  [
    6,
    [
      ['a', 2],
      ['b', 2],
      ['c', 2],
    ],
  ],
])('the shares of three Regions in %i seconds', async (seconds, expected) => {
  const { shares, failure } = await sharesOf(makeRun(seconds));
  expect(shares).toEqual(expected);
  expect(failure).toBeInstanceOf(RegionFailure);
  expect(failure).toMatchObject({ region: expected.at(-1)?.[0], failure: RESET });
});

it('the time of a Region that is skipped is shared by the others', async () => {
  const run = makeRun(60);
  run.outages.failed('b', RESET, 0);
  expect((await sharesOf(run)).shares).toEqual([
    ['a', 30],
    ['c', 30],
  ]);
});

it('the last Region is tried, even if it is down', async () => {
  const run = makeRun(60);
  for (const region of REGIONS) run.outages.failed(region, RESET, 0);
  const { shares, failure } = await sharesOf(run);
  expect(shares).toEqual([['c', 60]]);
  expect([...((failure as RegionFailure).before ?? [])]).toEqual([
    ['a', RESET],
    ['b', RESET],
  ]);
});

it('a Region that answered about another secret during a share is not down', async () => {
  const run = makeRun(60);
  const read = async (region: string, share: Deadline) => {
    if (region === 'b') return 'read';
    await run.clock.sleep(1000, share.signal);
    run.outages.answered('a', run.clock.now());
    throw RESET;
  };
  expect(await readInOrder(REGIONS, read, run)).toMatchObject({ region: 'b', answer: 'read' });
  expect(run.outages.isDown('a')).toBe(false);
});

it('an error of the secret counts as an answer', async () => {
  const run = makeRun(60);
  const read = () => Promise.reject(new AwsFailure('AccessDeniedException', 400));
  await expect(readInOrder(REGIONS, read, run)).rejects.toMatchObject({ region: 'a' });
  run.outages.failed('a', RESET, run.clock.now() - 1);
  expect(run.outages.isDown('a')).toBe(false);
});

it('a signal during a share ends the run', async () => {
  const stop = new AbortController();
  const run = { ...makeRun(60), deadline: { at: 100_000, signal: stop.signal } };
  const regions: string[] = [];
  const read = async (region: string) => {
    regions.push(region);
    stop.abort();
    throw new NetworkFailure('ABORTED');
  };
  await expect(readInOrder(REGIONS, read, run)).rejects.toMatchObject({ region: 'a' });
  expect(regions).toEqual(['a']);
});
