/** When the cluster is looked at, and what is kept of what was found. */
import { expect, onTestFinished, test } from 'vitest';
import type { NativeSupport } from '../../../src/core/settings.ts';
import type { ApiAnswer, ClusterApi } from '../../../src/kubernetes/api-client.ts';
import { NATIVE_VARIABLES } from '../../../src/webhook/native/native-support.ts';
import { KEPT_CHECKS, type NativeSetting, NativeWatch } from '../../../src/webhook/native/native-watch.ts';
import { eventually } from '../running.ts';
import { gitVersion } from './api-server.ts';

const TIMES = {
  intervalMilliseconds: 2,
  failedIntervalMilliseconds: 1,
  checkMilliseconds: 10_000,
  pauseMilliseconds: 0,
};
const NEW: ApiAnswer = { kind: 'answer', json: gitVersion('v1.38.0') };
const OLD: ApiAnswer = { kind: 'answer', json: gitVersion('v1.34.0') };
const DOWN: ApiAnswer = { kind: 'failed', what: 'ECONNREFUSED' };
const CAN: NativeSupport = { can: true, probe: false };

interface Watched {
  readonly watch: NativeWatch<NativeSupport>;
  readonly verdicts: readonly NativeSupport[];
  readonly complaints: readonly string[];
  readonly asked: () => number;
}

/** A watch on an API server that answers by a function of how often it was asked. */
function watch(
  answer: (time: number, signal: AbortSignal) => ApiAnswer | Promise<ApiAnswer>,
  setting: NativeSetting = 'auto',
  times: Partial<typeof TIMES> = {},
): Watched {
  const verdicts: NativeSupport[] = [];
  const complaints: string[] = [];
  let asked = 0;
  const api: ClusterApi = {
    ask: async (_question, signal) => {
      asked += 1;
      return answer(asked, signal);
    },
  };
  const made = new NativeWatch({
    feature: NATIVE_VARIABLES,
    setting,
    api,
    times: { ...TIMES, ...times },
    use: (support) => verdicts.push(support),
    report: (problem) => complaints.push(problem),
  });
  onTestFinished(() => made.stop());
  return { watch: made, verdicts, complaints, asked: () => asked };
}

const untilAborted = (_: number, signal: AbortSignal): Promise<ApiAnswer> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(DOWN)));

test('off asks nobody', async () => {
  const { watch: off, verdicts, asked } = watch(() => NEW, 'off');
  expect(off.isSettled).toBe(false);
  await off.start();
  expect(off.isSettled).toBe(true);
  expect(verdicts).toEqual([
    { can: false, why: expect.stringContaining('the operator turned native variables off') },
  ]);
  expect(asked()).toBe(0);
});

test('looks again and again, and tells a verdict once', async () => {
  const { watch: made, verdicts, asked } = watch((time) => (time < 5 ? OLD : time < 10 ? NEW : OLD));
  await made.start();
  expect(verdicts).toHaveLength(1);
  await eventually(asked, (count) => count > 15);
  expect(verdicts.map((one) => one.can)).toEqual([false, true, false]);
});

test('an attempt that fails is made again before the check counts as failed', async () => {
  const {
    watch: made,
    verdicts,
    complaints,
    asked,
  } = watch((time) => (time < 3 ? DOWN : NEW), 'auto', {
    intervalMilliseconds: 60_000,
    failedIntervalMilliseconds: 60_000,
  });
  await made.start();
  expect([verdicts, complaints, asked()]).toEqual([[CAN], [], 3]);
});

test('trouble that a moment will not mend is not asked after three times', async () => {
  const {
    watch: made,
    verdicts,
    asked,
  } = watch(() => ({ kind: 'failed', what: 'no token', lasting: true }), 'auto', {
    failedIntervalMilliseconds: 60_000,
    intervalMilliseconds: 60_000,
  });
  await made.start();
  expect(asked()).toBe(1);
  expect(verdicts).toEqual([{ can: false, why: expect.stringContaining('(no token)') }]);
});

test(`the last answer is kept for ${KEPT_CHECKS} failed checks, then given up, and comes back`, async () => {
  const [good, failed] = [4, 3 * (KEPT_CHECKS + 1)];
  const seen: number[] = [];
  const {
    watch: made,
    verdicts,
    complaints,
    asked,
  } = watch((time) => {
    seen.push(verdicts.length);
    return time <= good || time > good + failed + 9 ? NEW : DOWN;
  });
  await made.start();
  await eventually(
    () => verdicts.length,
    (count) => count === 3,
  );
  expect(verdicts).toEqual([CAN, { can: false, why: expect.stringContaining('(ECONNREFUSED)') }, CAN]);
  // One verdict was known until the last attempt of the last kept check was over.
  expect(seen.lastIndexOf(1) + 1).toBe(good + failed);
  expect(complaints).toEqual(['ECONNREFUSED']);
  expect(asked()).toBeGreaterThan(good + failed);
});

test('a check that failed is made again sooner', async () => {
  const { watch: made, verdicts } = watch((time) => (time <= 3 ? DOWN : NEW), 'auto', {
    intervalMilliseconds: 600_000,
  });
  await made.start();
  await eventually(
    () => verdicts.length,
    (count) => count === 2,
  );
  expect(verdicts.map((one) => one.can)).toEqual([false, true]);
});

test('on: the word of the operator counts from the first check on, unless the version contradicts it', async () => {
  const { watch: made, verdicts } = watch((time) => (time <= 3 ? DOWN : OLD), 'on');
  await made.start();
  expect(verdicts).toEqual([CAN]);
  await eventually(
    () => verdicts.length,
    (count) => count === 2,
  );
  expect(verdicts[1]).toMatchObject({ can: false });
});

test('an API server that hangs costs a check its limit, not more', async () => {
  const {
    watch: made,
    verdicts,
    asked,
  } = watch(untilAborted, 'auto', {
    checkMilliseconds: 20,
    failedIntervalMilliseconds: 60_000,
    intervalMilliseconds: 60_000,
  });
  const first = made.start();
  expect(made.isSettled).toBe(false);
  await first;
  expect(made.isSettled).toBe(true);
  expect(verdicts).toHaveLength(1);
  expect(asked()).toBe(1);
});

test('stopping ends a check that is under way, and nothing is told after it', async () => {
  const { watch: made, verdicts, complaints, asked } = watch(untilAborted);
  const first = made.start();
  made.stop();
  await first;
  expect([verdicts, complaints, asked(), made.isSettled]).toEqual([[], [], 1, false]);
});

test('stopping between two checks leaves no timer', async () => {
  const { watch: made, asked } = watch(() => NEW, 'auto', { intervalMilliseconds: 1 });
  await made.start();
  await eventually(asked, (count) => count > 3);
  made.stop();
  const before = asked();
  // A check that was under way may ask once more; later ones would have asked long before this is over.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked()).toBeLessThanOrEqual(before + 1);
});
