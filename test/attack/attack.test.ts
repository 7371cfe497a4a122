/** Attacks on the webhook as its Deployment runs it: no review of an API server is lost, and memory stays below its bound. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../server/directory.ts';
import { ATTACKS } from './attacks.ts';
import { besiege, type Siege } from './siege.ts';

/** Of the 512 MiB of the container. */
const MOST_BYTES = 400_000_000;
const MILLISECONDS = 500;

let siege: Siege;
let remove = async (): Promise<void> => undefined;
beforeAll(async () => {
  const directory = await temporaryDirectory((later) => {
    remove = later;
  });
  siege = await besiege(directory);
});
afterAll(async () => {
  await siege.end();
  await remove();
});

test.each(Object.keys(ATTACKS))('%s', async (name) => {
  const outcome = await siege.attack(name, MILLISECONDS);
  expect(outcome.lost).toEqual([]);
  expect(outcome.failedProbes).toEqual([]);
  expect(outcome.reviews).toBeGreaterThan(0);
  expect(outcome.peakBytes).toBeLessThan(MOST_BYTES);
});

/** Attacks that cause a count. A slow machine may not get that far within the time of one. */
const CAUSES: Readonly<Record<string, string>> = {
  '503': '100 unfinished bodies of 8 MiB',
  answer: '350 answers of 1 MiB that nobody reads',
  idle: '1,200 idle TLS connections',
};

test.each([
  ['refused_requests_total', ['400', '404', '405', '411', '415', '431', '503']],
  ['dropped_connections_total', ['idle', 'aborted', 'answer']],
])('after all of them, %s has counted', async (metric, labels) => {
  for (const label of labels) {
    const count = async (): Promise<number> => (await siege.metric(metric))[label] ?? 0;
    const cause = CAUSES[label];
    for (let again = 0; cause !== undefined && again < 10 && (await count()) === 0; again += 1)
      await siege.attack(cause, 2 * MILLISECONDS);
    expect(await count(), label).toBeGreaterThan(0);
  }
});
