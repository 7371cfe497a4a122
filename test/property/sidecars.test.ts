/** Ten thousand pods with refresh, in virtual time: their calls spread out, whatever happens to all of them at once. */
import { describe, expect, it } from 'vitest';
import { QUOTAS } from '../../src/core/advice/quotas.ts';
import { SCENARIOS } from '../fetcher/sidecars/scenarios.ts';
import { runSidecars, type SidecarsOptions, type SidecarsRun } from '../fetcher/sidecars/sidecars.ts';

const SEEDS = [1, 2];
/** Nothing spreads the start itself. */
const AFTER_START_SECONDS = 20;

/** The busiest second, compared with calls that are spread evenly. @param from in seconds */
function waves(
  { calls }: SidecarsRun,
  options: Omit<SidecarsOptions, 'seed'>,
  from = options.startWithin + AFTER_START_SECONDS,
): number {
  const even = (options.pods * options.secrets) / options.interval;
  const all = calls.DescribeSecret.map((count, second) => count + (calls.GetSecretValue[second] ?? 0));
  return Math.max(...all.slice(from)) / even;
}

describe.each(SCENARIOS)('$name', ({ options }) => {
  it.each(SEEDS)('no quota is reached, and no wave forms; seed %i', (seed) => {
    const run = runSidecars({ ...options, seed });
    expect(run.throttled).toBe(0);
    expect(Math.max(...run.calls.DescribeSecret)).toBeLessThan(QUOTAS.DescribeSecret / 2);
    expect(Math.max(...run.calls.GetSecretValue)).toBeLessThan(QUOTAS.GetSecretValue / 2);
    // During an outage, calls are repeated; after a rotation, each pod makes three times as many in one look.
    expect(waves(run, options)).toBeLessThan(options.outage === undefined ? 7 : 25);
    if (options.outage !== undefined) {
      expect(waves(run, options, options.outage.to)).toBeLessThan(3);
      expect(run.recovered).toHaveLength(options.pods);
      expect(Math.max(...run.recovered) - options.outage.to).toBeLessThan(options.interval);
    }
    if (options.rotation !== undefined) {
      expect(run.found).toHaveLength(options.pods);
      expect(Math.max(...run.found) - options.rotation).toBeLessThan(options.interval);
    }
  });
});

// Pods of a rolling start do not start together.
const TOGETHER = SCENARIOS.filter(({ options }) => options.startWithin < 60);

it.each(TOGETHER)('without jitter, waves form: $name', ({ options }) => {
  expect(waves(runSidecars({ ...options, seed: 1, withoutJitter: true }), options)).toBeGreaterThan(20);
});

it('a shorter interval, and roles without DescribeSecret, stay below the quota as well', () => {
  const options = { pods: 10_000, secrets: 3, interval: 30, check: 'value', startWithin: 10 } as const;
  const { throttled, calls } = runSidecars({ ...options, length: 300, rotation: 100, seed: 1 });
  expect(throttled).toBe(0);
  expect(Math.max(...calls.DescribeSecret)).toBe(0);
  expect(Math.max(...calls.GetSecretValue.slice(30))).toBeLessThan(QUOTAS.GetSecretValue / 4);
});
