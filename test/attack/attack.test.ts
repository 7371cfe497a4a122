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

test('after all of them, refused and dropped requests are counted', async () => {
  const refused = await siege.metric('refused_requests_total');
  for (const status of ['400', '404', '405', '411', '415', '431', '503'])
    expect([status, refused[status] ?? 0]).toEqual([status, expect.toSatisfy((count) => count > 0)]);
  const dropped = await siege.metric('dropped_connections_total');
  for (const reason of ['idle', 'aborted', 'answer'])
    expect([reason, dropped[reason] ?? 0]).toEqual([reason, expect.toSatisfy((count) => count > 0)]);
});
