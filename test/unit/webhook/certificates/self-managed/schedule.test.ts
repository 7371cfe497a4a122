import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CheckResult, Schedule } from '../../../../../src/webhook/certificates/self-managed/schedule.ts';

const INTERVAL = 30_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Runs checks with these results for a time. @returns when they ran, in milliseconds */
async function run(result: () => CheckResult, milliseconds: number): Promise<readonly number[]> {
  const at: number[] = [];
  const started = performance.now();
  const schedule = new Schedule(async () => {
    at.push(performance.now() - started);
    return result();
  }, INTERVAL);
  await schedule.run();
  await vi.advanceTimersByTimeAsync(milliseconds);
  schedule.stop();
  return at;
}

test('after failures, checks become rare', async () => {
  const at = await run(() => ({ result: 'failed', dueIn: [] }), 300_000);
  expect(at.length).toBeGreaterThan(10);
  expect(at.length).toBeLessThan(20);
});

test('what falls due is done in time, also after many failures', async () => {
  const started = performance.now();
  // A certificate is due every 10 s, and a CA has been due for long, which cannot be replaced.
  const nextDue = (): number => 10_000 - ((performance.now() - started) % 10_000);
  const at = await run(() => ({ result: 'failed', dueIn: [nextDue(), -5000] }), 300_000);
  for (let due = 10_000; due < 300_000; due += 10_000)
    expect(
      at.some((time) => time >= due && time < due + 100),
      `${due} ms`,
    ).toBe(true);
  expect(at.length).toBeLessThan(60);
});
