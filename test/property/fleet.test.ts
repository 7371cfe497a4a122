/** Many fetchers at once, in virtual time: all finish before the deadline, and their calls spread out. */
import { describe, expect, it } from 'vitest';
import { type FleetOptions, type FleetRun, runFleet } from '../fetcher/fleet/fleet.ts';
import { loadOf, total } from '../fetcher/fleet/load.ts';
import { SCENARIOS } from '../fetcher/fleet/scenarios.ts';
import type { Call } from '../fetcher/fleet/service.ts';

const SEEDS = [1, 2, 3];
/** All fetchers start within a second, so their first retries still come together. */
const AFTER_BURST_SECONDS = 10;
const WINDOW_SECONDS = 5;

/** The seconds with calls of a service, numbered from the start of the fleet. */
function perSecond(calls: readonly Call[]): readonly number[] {
  return loadOf(calls, 1000).map(total);
}

/**
 * How far the busiest half second is above the mean, at most, over periods of five seconds. About 5 for calls that come
 * in waves of a second.
 */
function waves(calls: readonly Call[]): number {
  const halves = loadOf(calls, 500).map(total);
  const size = WINDOW_SECONDS * 2;
  let most = 0;
  // The first period has the start of all fetchers, which nothing spreads.
  for (let from = size; from + size <= halves.length; from += size) {
    const window = halves.slice(from, from + size);
    const sum = window.reduce((a, b) => a + b, 0);
    // Few calls differ by chance.
    if (sum >= 200) most = Math.max(most, Math.max(...window) / (sum / size));
  }
  return most;
}

function limitsOf({ sts, secretsManager }: Omit<FleetOptions, 'seed'>) {
  return [
    ['sts', sts.perSecond],
    ['secretsManager', secretsManager.perSecond],
  ] as const;
}

const runs = new Map<string, Promise<FleetRun>>();

/** Runs a fleet, once for each seed. */
function run(options: Omit<FleetOptions, 'seed'>, seed: number): Promise<FleetRun> {
  const key = JSON.stringify([options, seed]);
  const known = runs.get(key) ?? runFleet({ ...options, seed });
  runs.set(key, known);
  return known;
}

function failures({ members }: FleetRun): number {
  return members.filter(({ problems }) => problems.length > 0).length;
}

describe.each(SCENARIOS)('$name', ({ options, limited }) => {
  it.each(SEEDS)('all fetchers finish before the deadline, and spread out; seed %i', async (seed) => {
    const fleet = await run(options, seed);
    expect(fleet.members).toHaveLength(options.fetchers);
    expect(failures(fleet)).toBe(0);
    for (const { startedAt, endedAt } of fleet.members)
      expect(endedAt - startedAt).toBeLessThan(options.timeoutSeconds * 1000);
    expect(waves(fleet.sts)).toBeLessThan(3);
    expect(waves(fleet.secretsManager)).toBeLessThan(3);
  });

  it('calls come down to a small multiple of the limit after the first burst', async () => {
    const fleet = await run(options, 1);
    const begin = (options.outage?.to ?? 0) / 1000 + AFTER_BURST_SECONDS;
    for (const [service, limit] of limitsOf(options)) {
      for (const calls of perSecond(fleet[service]).slice(begin)) expect(calls).toBeLessThan(limit * 4);
    }
  });

  it('the limit is used while many fetchers wait', async () => {
    const fleet = await run(options, 1);
    const calls = fleet[limited];
    const limit = options[limited].perSecond;
    const accepted = loadOf(calls, 1000).map((load) => load.accepted);
    const begin = accepted.findIndex((count) => count > 0) + 1;
    const all = options.fetchers * (limited === 'sts' ? 1 : options.secrets);
    // Until half of the calls were accepted. The rest is spread over the longest pauses.
    for (let second = begin, sum = 0; sum < all / 2; second += 1) {
      const count = accepted[second] ?? 0;
      expect(count).toBeGreaterThanOrEqual(limit * 0.9);
      sum += count;
    }
  });

  it('fetchers without jitter would come in waves, and fail', async () => {
    const fleet = await runFleet({ ...options, seed: 1, withoutJitter: true });
    expect(waves(fleet[limited])).toBeGreaterThan(4);
    expect(failures(fleet)).toBeGreaterThan(100);
  });
});

describe('an outage', () => {
  const [outage] = SCENARIOS.filter(({ options }) => options.outage !== undefined);

  it.each(SEEDS)('its end causes no burst; seed %i', async (seed) => {
    const options = outage?.options;
    if (options?.outage === undefined) throw new TypeError('no scenario has an outage');
    const fleet = await run(options, seed);
    const end = options.outage.to / 1000;
    const calls = perSecond(fleet.sts);
    const before = Math.max(...calls.slice(end - 10, end));
    // Each fetcher tries at least every five seconds while it waits, and no sooner than others when the wait is over.
    expect(before).toBeLessThan(options.fetchers / 2);
    expect(Math.max(...calls.slice(end))).toBeLessThanOrEqual(before);
  });

  it('of all but the last ten seconds leaves time to finish', async () => {
    const options = outage?.options;
    if (options === undefined) throw new TypeError('no scenario has an outage');
    const open = { perSecond: 10_000, burst: 10_000 };
    const fleet = await runFleet({
      ...options,
      sts: open,
      secretsManager: open,
      outage: { from: 0, to: 50_000 },
      seed: 1,
    });
    expect(failures(fleet)).toBe(0);
  });
});

describe('a limit that leaves almost no time', () => {
  // 3,000 calls at 54 per second take 55 of the 60 seconds.
  it('almost all fetchers finish, and the others use the time that they have', async () => {
    const [first] = SCENARIOS;
    if (first === undefined) throw new TypeError('no scenario');
    const limit = { perSecond: 54, burst: 54 };
    const fleet = await runFleet({ ...first.options, secretsManager: limit, seed: 1 });
    expect(failures(fleet)).toBeLessThanOrEqual(5);
    for (const { problems, startedAt, endedAt } of fleet.members)
      if (problems.length > 0) expect(endedAt - startedAt).toBeGreaterThan(58_900);
  });
});

it('the same seed gives the same run', async () => {
  const options = { fetchers: 50, secrets: 2, startWithin: 1000, timeoutSeconds: 60 };
  const limit = { perSecond: 10, burst: 10 };
  const again = () => runFleet({ ...options, sts: limit, secretsManager: limit, seed: 7 });
  expect(await again()).toEqual(await again());
});
