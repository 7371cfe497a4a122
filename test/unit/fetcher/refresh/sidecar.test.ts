/** The sidecar between looks, on a virtual clock. */
import { expect, it } from 'vitest';
import type {
  KeptCredentials,
  LookRequest,
  RefreshStart,
  Report,
} from '../../../../src/fetcher/refresh/messages.ts';
import { RefreshLog } from '../../../../src/fetcher/refresh/refresh-log.ts';
import { RefreshMetrics } from '../../../../src/fetcher/refresh/refresh-metrics.ts';
import { runSidecar } from '../../../../src/fetcher/refresh/sidecar.ts';
import { idOf } from '../../../fetcher/memory-secrets.ts';
import { arnOf } from '../../../fetcher/plans.ts';

const ARN = arnOf('shop/db');
const START: RefreshStart = {
  seconds: 300,
  lookSeconds: 30,
  statusFile: '',
  root: '/',
  arns: [ARN],
  versions: [{ id: idOf('a') }],
  isRestart: false,
  port: 0,
};

interface Story {
  /** Seconds since the start, and what was requested. */
  readonly requests: readonly (readonly [seconds: number, request: LookRequest])[];
  /** Of the log, after the first. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly metrics: string;
  /** When files were recorded as fresh, and for how long, in seconds; undefined as before the start. */
  readonly fresh: readonly (readonly [number, number | undefined])[];
}

/** Runs the sidecar for some hours. @param answer the report of the n-th process, from 0 */
async function play(
  hours: number,
  answer: (nth: number, request: LookRequest) => Report | undefined,
  { isDue = false, isRestart = false } = {},
): Promise<Story> {
  let now = 0;
  const stop = new AbortController();
  const requests: (readonly [number, LookRequest])[] = [];
  const lines: Record<string, unknown>[] = [];
  const fresh: (readonly [number, number | undefined])[] = [];
  const log = new RefreshLog(
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    () => now,
    START.arns,
  );
  const metrics = new RefreshMetrics(START, { wall: () => 1_800_000_000_000 + now, monotonic: () => now });
  await runSidecar(
    { ...START, isRestart },
    isDue,
    {
      clock: {
        now: () => now,
        sleep: async (milliseconds) => {
          now += milliseconds;
          if (now > hours * 3_600_000) stop.abort();
        },
        random: () => 0.5,
      },
      run: async (request) => {
        requests.push([now / 1000, request]);
        return answer(requests.length - 1, request);
      },
      freshFor: (milliseconds) =>
        fresh.push([now / 1000, milliseconds === undefined ? undefined : milliseconds / 1000]),
      log,
      metrics,
    },
    stop.signal,
  );
  const [started, ...others] = lines;
  expect(started).toMatchObject({ msg: 'refresh started', seconds: 300 });
  return { requests, lines: others, metrics: metrics.text, fresh };
}

const SAME: Report = {
  look: { outcome: 'same', end: 'done', problems: [], versions: START.versions, warnings: [] },
  actions: [],
  due: 0,
};
const DOWN = {
  code: 'AWS_UNAVAILABLE',
  subject: 'file.value',
  wrong: 'no answer',
  expected: 'check the network',
} as const;
const FAILED: Report = {
  look: { outcome: 'failed', end: 'transient', problems: [DOWN], versions: START.versions, warnings: [] },
  actions: [],
  due: 0,
};
const NOT_CALLED = {
  code: 'CHANGE_CALL_FAILED',
  subject: 'http://localhost/',
  wrong: 'no answer',
  expected: 'answer',
} as const;
const CHANGED: Report = {
  look: { outcome: 'wrote', end: 'done', problems: [], versions: [{ id: idOf('b') }], warnings: [] },
  actions: [{ action: 'http://localhost/', problem: NOT_CALLED }],
  due: 1,
};

const times = ({ requests }: Story) => requests.map(([seconds]) => Math.round(seconds));

it('looks after half the interval, then a bit more often than the interval', async () => {
  const story = await play(0.25, () => SAME);
  expect(times(story)).toEqual([150, 435, 720]);
  expect(story.lines).toEqual([]);
  expect(story.metrics).toContain('secrets_injector_refresh_looks_total{outcome="same"} 3\n');
});

it('looks at once after a restart, and leaves the recorded freshness until a look succeeds', async () => {
  const { requests, fresh } = await play(0.1, (nth) => (nth === 0 ? FAILED : SAME), { isRestart: true });
  expect(requests[0]?.[0]).toBe(0);
  expect(fresh.map(([, length]) => length)).toEqual([undefined, 960, 960]);
});

it('passes on the versions and the credentials of the last look', async () => {
  const credentials: KeptCredentials = {
    accessKeyId: 'id',
    secretAccessKey: 'key',
    sessionToken: 'token',
    until: 1,
  };
  const { requests } = await play(0.25, (nth) => (nth === 0 ? { ...CHANGED, due: 0, credentials } : SAME));
  expect(requests[0]?.[1]).toEqual({ what: 'look', versions: START.versions, credentials: undefined });
  expect(requests[1]?.[1]).toEqual({ what: 'look', versions: [{ id: idOf('b') }], credentials });
});

it('logs an outage once and when it ends, and counts every failed look', async () => {
  const story = await play(2, (nth) => (nth < 8 ? FAILED : SAME));
  expect(story.lines.map(({ msg, codes, failures }) => [msg, codes, failures])).toEqual([
    ['refresh failed', 'AWS_UNAVAILABLE', undefined],
    ['refresh recovered', undefined, 8],
  ]);
  expect(story.metrics).toContain('secrets_injector_refresh_failures_total{code="AWS_UNAVAILABLE"} 8\n');
  expect(story.metrics).toContain('secrets_injector_refresh_failing 0\n');
});

it('logs an outage that lasts again every hour', async () => {
  const { lines } = await play(5, () => FAILED);
  expect(lines.length).toBeGreaterThanOrEqual(4);
  expect(lines.length).toBeLessThanOrEqual(5);
});

it('files are fresh for three intervals and a minute after each look that has succeeded', async () => {
  const { fresh } = await play(0.25, (nth) => (nth === 1 ? FAILED : SAME));
  expect(fresh.map(([at, length]) => [Math.round(at), length])).toEqual([
    [0, 960],
    [150, 960],
    [446, 960],
    [731, 960],
  ]);
});

it('an action that fails is tried again with longer pauses, between looks, until it succeeds', async () => {
  const story = await play(1, (nth, { what }) => {
    if (nth === 0) return CHANGED;
    if (nth > 8) return SAME;
    const isDone = nth > 7;
    const actions = [{ action: 'http://localhost/', problem: isDone ? undefined : NOT_CALLED }];
    return { ...(what === 'look' ? SAME : {}), actions, due: isDone ? 0 : 1 };
  });
  const [first = 0, ...others] = story.requests
    .filter(([, { what }]) => what === 'act')
    .map(([seconds]) => seconds);
  const pauses = others.map((at, index) => Math.round(at - (others[index - 1] ?? first)));
  expect(pauses.slice(0, 5)).toEqual([3, 6, 12, 24, 48]);
  expect(story.lines.map(({ msg, codes }) => [msg, codes])).toEqual([
    ['refreshed', undefined],
    ['on-change failed', 'CHANGE_CALL_FAILED'],
    ['on-change done', undefined],
  ]);
  expect(story.metrics).toContain('secrets_injector_on_change_due 0\n');
  expect(story.metrics).toContain(
    'on_change_attempts_total{action="http://localhost/",outcome="CHANGE_CALL_FAILED"} 8\n',
  );
  expect(story.requests.filter(([, { what }]) => what === 'look').length).toBeGreaterThan(10);
});

it('an action that is due from an earlier process is performed at once', async () => {
  const { requests } = await play(0.1, (_, { what }) => (what === 'look' ? SAME : { actions: [], due: 0 }), {
    isDue: true,
  });
  expect(requests.map(([seconds, { what }]) => [Math.round(seconds), what])).toEqual([
    [0, 'act'],
    [150, 'look'],
  ]);
});

it('a process without a report is a failed look, and whatever is due is tried again', async () => {
  const story = await play(0.1, (nth, { what }) => {
    if (nth === 0) return undefined;
    return what === 'look' ? SAME : { actions: [], due: 0 };
  });
  expect(story.lines[0]).toMatchObject({ msg: 'refresh failed', codes: 'REFRESH_INTERRUPTED' });
  expect(story.requests.map(([, { what }]) => what).slice(0, 3)).toEqual(['look', 'act', 'look']);
});
