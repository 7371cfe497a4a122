import { describe, expect, it } from 'vitest';
import type { Situation } from '../../../../src/rollout/decide/decide.ts';
import { decide } from '../../../../src/rollout/decide/decide.ts';
import type { Workload } from '../../../../src/rollout/decide/workload.ts';
import { API, DB, NOON, RULES, situation, version, workload } from '../../../rollout/workloads.ts';

const MINUTE = 60_000;

/** The decisions in a short form: `restart web`, `wait web paused-by-annotation`. */
function short(changes: Partial<Situation>): readonly string[] {
  return decide(situation(changes)).map((one) => {
    const what = one.kind === 'wait' ? one.reason : one.kind === 'settle' ? one.why : undefined;
    return [one.kind, one.workload.name, ...(what === undefined ? [] : [what])].join(' ');
  });
}

function one(changes: Partial<Workload>, rest: Partial<Situation> = {}): readonly string[] {
  return short({ workloads: [workload(changes)], ...rest });
}

describe('a workload', () => {
  it('is restarted for a version that it neither records nor settled for, with the versions to record', () => {
    const [decision] = decide(situation());
    expect(decision).toMatchObject({
      kind: 'restart',
      versions: new Map([[DB, version(2)]]),
      changes: [{ key: DB, from: version(1), to: version(2) }],
    });
  });

  it.each<readonly [string, Partial<Workload>]>([
    ['recorded', { recorded: new Map([[DB, version(2)]]) }],
    ['settled', { settled: new Map([[DB, version(2)]]) }],
    [
      'recorded, and rolled back before',
      { recorded: new Map([[DB, version(2)]]), settled: new Map([[DB, version(1)]]) },
    ],
    ['opted out', { excluded: 'opted-out' }],
    ['refreshed in the pods', { excluded: 'refreshes' }],
  ])('is left alone: %s', (_name, changes) => {
    expect(one(changes)).toEqual([]);
  });

  it('is left alone while the current version is unknown', () => {
    expect(short({ current: new Map() })).toEqual([]);
  });

  it('keeps the known version of a secret whose current version is unknown', () => {
    const secrets = [API, DB];
    const settled = new Map([
      [API, version(7)],
      [DB, version(1)],
    ]);
    const [decision] = decide(situation({ workloads: [workload({ secrets, settled })] }));
    expect(decision).toMatchObject({
      kind: 'restart',
      versions: new Map([
        [API, version(7)],
        [DB, version(2)],
      ]),
    });
  });

  it('that is new settles for the current versions, and another version restarts it', () => {
    expect(one({ settled: new Map() })).toEqual(['settle web first-seen']);
    const [decision] = decide(situation({ workloads: [workload({ settled: new Map() })] }));
    expect(decision).toMatchObject({ versions: new Map([[DB, version(2)]]) });
  });

  it('that requests a further secret settles for it, and keeps what it settled for', () => {
    const workloads = [workload({ secrets: [API, DB] })];
    const [decision] = decide(situation({ workloads, current: new Map([[API, version(5)]]) }));
    expect(decision).toMatchObject({
      kind: 'settle',
      versions: new Map([
        [DB, version(1)],
        [API, version(5)],
      ]),
    });
  });

  it('that was rolled back is not restarted for the version that it was rolled back from, but for the next one', () => {
    const recorded = new Map([[DB, version(1)]]);
    const back = { recorded, isRecordForeign: true, settled: new Map() };
    expect(one(back)).toEqual(['settle web rolled-back']);
    const held = { ...back, settled: new Map([[DB, version(2)]]) };
    expect(one(held)).toEqual([]);
    expect(one(held, { current: new Map([[DB, version(3)]]) })).toEqual(['restart web']);
  });

  it('is restarted for a version that it had before it was restarted for another one', () => {
    const recorded = new Map([[DB, version(2)]]);
    expect(one({ recorded, settled: new Map() }, { current: new Map([[DB, version(1)]]) })).toEqual([
      'restart web',
    ]);
  });
});

describe('waiting', () => {
  it.each<readonly [string, Partial<Workload>, Partial<Situation>]>([
    ['paused-by-annotation', { isHeld: true }, {}],
    ['workload-paused', { isPaused: true }, {}],
    ['on-delete', { isOnDelete: true }, {}],
    ['rolling', { isRolling: true }, {}],
    [
      'delay',
      {},
      { rules: { ...RULES, delay: MINUTE }, changedSince: new Map([['uid-shop-web', NOON - 59_000]]) },
    ],
    ['window', {}, { rules: { ...RULES, windows: [{ days: new Set([3]), from: 0, to: 720 }] } }],
  ])('%s', (reason, changes, rest) => {
    expect(one(changes, rest)).toEqual([`wait web ${reason}`]);
  });

  it('ends after the delay', () => {
    const changedSince = new Map([['uid-shop-web', NOON - MINUTE]]);
    expect(one({}, { rules: { ...RULES, delay: MINUTE }, changedSince })).toEqual(['restart web']);
  });

  it('does not last while pods do not become ready', () => {
    const rollingSince = new Map([['uid-shop-web', NOON - RULES.stuckAfter]]);
    expect(one({ isRolling: true }, { rollingSince })).toEqual(['restart web']);
  });
});

describe('PodDisruptionBudgets', () => {
  const budget = {
    namespace: 'shop',
    name: 'web',
    selector: { matchLabels: { app: 'web' } },
    isViolated: false,
    allowed: 0,
  };

  it('that allow no disruption keep back a restart that takes pods down', () => {
    expect(one({ disrupts: true }, { disruptionBudgets: [budget] })).toEqual(['wait web disruption-budget']);
    expect(one({ disrupts: false }, { disruptionBudgets: [budget] })).toEqual(['restart web']);
  });

  it('that are violated keep back every restart', () => {
    expect(one({}, { disruptionBudgets: [{ ...budget, isViolated: true }] })).toEqual([
      'wait web disruption-budget',
    ]);
  });

  it('of other pods and other namespaces do not matter', () => {
    const others = [
      { ...budget, namespace: 'other' },
      { ...budget, selector: { matchLabels: { app: 'x' } } },
      { ...budget, selector: null },
    ];
    expect(one({ disrupts: true }, { disruptionBudgets: others })).toEqual(['restart web']);
  });

  it('are used up by restarts of the same decision', () => {
    const workloads = ['a', 'b'].map((name) => workload({ name, disrupts: true, labels: { app: 'web' } }));
    expect(short({ workloads, disruptionBudgets: [{ ...budget, allowed: 1 }] })).toEqual([
      'restart a',
      'wait b disruption-budget',
    ]);
  });
});

describe('budgets', () => {
  const three = ['a', 'b', 'c'].map((name) => workload({ name }));
  const elsewhere = workload({ name: 'd', namespace: 'web' });

  it.each<readonly [string, Partial<typeof RULES>, readonly string[]]>([
    ['at-once', { atOnce: 2 }, ['c', 'd']],
    ['at-once-per-namespace', { atOncePerNamespace: 2 }, ['c']],
    ['per-hour', { perHour: 1 }, ['b', 'c', 'd']],
    ['per-hour-per-namespace', { perHourPerNamespace: 1 }, ['b', 'c']],
  ])('%s', (name, rules, waiting) => {
    const decisions = short({ workloads: [...three, elsewhere], rules: { ...RULES, ...rules } });
    expect(decisions.filter((text) => text.startsWith('wait'))).toEqual(
      waiting.map((one) => `wait ${one} ${name}`),
    );
    expect(decisions).toHaveLength(4);
  });

  it('those that waited longest come first', () => {
    const changedSince = new Map([
      ['uid-shop-c', NOON - 2],
      ['uid-shop-b', NOON - 1],
    ]);
    expect(short({ workloads: three, changedSince, rules: { ...RULES, atOnce: 1 } })[0]).toBe('restart c');
  });

  const done = workload({
    name: 'done',
    recorded: new Map([[DB, version(2)]]),
    restarts: [NOON - 10 * MINUTE],
  });

  it('count restarts that the cluster records, as at once only while pods are being replaced', () => {
    const workloads = [workload(), done];
    expect(short({ workloads, rules: { ...RULES, perHour: 1 } })).toEqual(['wait web per-hour']);
    expect(short({ workloads, rules: { ...RULES, atOnce: 1 } })).toEqual(['restart web']);
    const rolling = { ...done, isRolling: true, restarts: [NOON - 9 * MINUTE] };
    expect(short({ workloads: [workload(), rolling], rules: { ...RULES, atOnce: 1 } })).toEqual([
      'wait web at-once',
    ]);
  });

  it('do not count a restart at once that is stuck', () => {
    const stuck = { ...done, isRolling: true };
    expect(short({ workloads: [workload(), stuck], rules: { ...RULES, atOnce: 1 } })).toEqual([
      'restart web',
    ]);
  });

  it('count a restart once that this process and the cluster know', () => {
    const recent = [{ uid: done.uid, namespace: 'shop', at: NOON - 10 * MINUTE }];
    expect(short({ workloads: [workload(), done], recent, rules: { ...RULES, perHour: 2 } })).toEqual([
      'restart web',
    ]);
  });

  it('count a restart that the cluster does not show yet, and one of a workload that was deleted since', () => {
    const unseen = { ...done, recorded: new Map([[DB, version(2)]]), restarts: [] };
    const recent = [{ uid: done.uid, namespace: 'shop', at: NOON - 1000 }];
    expect(short({ workloads: [workload(), unseen], recent, rules: { ...RULES, atOnce: 1 } })).toEqual([
      'wait web at-once',
    ]);
    expect(short({ recent, rules: { ...RULES, perHour: 1 } })).toEqual(['wait web per-hour']);
    expect(short({ recent, rules: { ...RULES, atOnce: 1 } })).toEqual(['restart web']);
  });
});

describe('pinned versions', () => {
  const pinned = { isPinned: true, settled: new Map<string, string>() };

  it('are recorded at once, whatever keeps restarts back', () => {
    const rules = { ...RULES, atOnce: 0, windows: [{ days: new Set([1]), from: 0, to: 1 }] };
    const decisions = decide(
      situation({
        workloads: [workload({ ...pinned, isHeld: true, isRolling: true, excluded: 'opted-out' })],
        rules,
      }),
    );
    expect(decisions).toMatchObject([{ kind: 'record', versions: new Map([[DB, version(2)]]) }]);
  });

  it('stay when a secret is added', () => {
    const changes = { ...pinned, secrets: [API, DB], recorded: new Map([[DB, version(1)]]) };
    const current = new Map([
      [API, version(5)],
      [DB, version(2)],
    ]);
    const [decision] = decide(situation({ workloads: [workload(changes)], current }));
    expect(decision).toMatchObject({
      kind: 'record',
      versions: new Map([
        [DB, version(1)],
        [API, version(5)],
      ]),
    });
  });

  it('are recorded together, once all are known', () => {
    expect(one({ ...pinned, secrets: [API, DB] })).toEqual(['wait web version-unknown']);
  });

  it('change with a restart', () => {
    expect(one({ ...pinned, recorded: new Map([[DB, version(1)]]) })).toEqual(['restart web']);
  });
});
