import { expect, it } from 'vitest';
import type { CpuProfile } from '../../pictures/cpu-profile.ts';
import { drawTimeline } from '../../pictures/timeline/draw.ts';
import { modulesOf, withModules } from '../../pictures/timeline/modules.ts';
import { type Run, stepsOf } from '../../pictures/timeline/steps.ts';
import { type Marks, readMarks, type TraceEvent } from '../../pictures/timeline/trace.ts';
import { textsOf } from './svg.ts';

const STARTED = 5_000;

/** An event of the main thread at milliseconds after the start. */
function event(ts: number, ph: string, name: string, more: Partial<TraceEvent> = {}): TraceEvent {
  return { name, cat: 'node', ph, ts: (STARTED + ts) * 1000, pid: 7, tid: 7, ...more };
}

const written = (triggerAsyncId: number) => ({ args: { data: { triggerAsyncId } } });

const TRACE: readonly TraceEvent[] = [
  event(8, 'I', 'nodeStart'),
  event(30, 'I', 'bootstrapComplete'),
  event(33, 'B', 'ContextifyScript::New', { args: { filename: '/app/fetch.cjs' } }),
  event(34, 'E', 'ContextifyScript::New'),
  event(34, 'X', 'RunInContext', { dur: 30 }),
  event(40, 'X', 'V8.GC', { tid: 8, dur: 1000 }),
  event(50, 'b', 'SIGNALWRAP', { id: '0x2' }),
  event(60, 'b', 'connect', { id: '0xa' }),
  event(61, 'b', 'connect', { id: '0xb' }),
  // The second connection secures first.
  event(64, 'b', 'TLSWRAP', { id: '0xd' }),
  event(65, 'b', 'TLSWRAP_CALLBACK', { id: '0xd' }),
  event(82, 'b', 'TLSWRAP', { id: '0x12' }),
  event(83, 'b', 'TLSWRAP_CALLBACK', { id: '0x12' }),
  event(100, 'b', 'TLSWRAP_CALLBACK', { id: '0xd' }),
  event(103, 'b', 'TLSWRAP_CALLBACK', { id: '0x12' }),
  event(104, 'b', 'WRITEWRAP', written(0x12)),
  event(105, 'b', 'TLSWRAP_CALLBACK', { id: '0x12' }),
  event(125, 'b', 'TLSWRAP_CALLBACK', { id: '0x12' }),
  event(131, 'b', 'WRITEWRAP', written(0xd)),
  event(153, 'b', 'TLSWRAP_CALLBACK', { id: '0xd' }),
  event(160, 'X', 'AtExit', { dur: 0 }),
];

const MARKS: Marks = {
  nodeStart: 8,
  nodeReady: 30,
  bundles: [{ file: 'fetch.cjs', from: 33, to: 50 }],
  exchanges: [
    { connect: 60, tls: 82, secure: 103, written: 104, answered: 125 },
    { connect: 61, tls: 64, secure: 100, written: 131, answered: 153 },
  ],
  leaving: 160,
};

function run(bundles: Marks['bundles'], ended = 165): Run {
  return { marks: { ...MARKS, bundles }, startedAt: STARTED, ended };
}

it('reads the marks of a run from the trace, whatever the order of its events', () => {
  expect(readMarks(TRACE.toReversed(), STARTED)).toEqual(MARKS);
});

it('rejects a trace with an unexpected number of requests', () => {
  const trace = TRACE.filter(({ ts }) => ts !== (STARTED + 131) * 1000);
  expect(() => readMarks(trace, STARTED)).toThrow('two requests');
});

it('shows what the main thread does between the marks, and not its waits', () => {
  const sdk = { file: 'secrets-manager.cjs', from: 66, to: 69 };
  const { rows } = stepsOf([run([...MARKS.bundles, sdk])], 20);
  const bars = Object.fromEntries(
    rows.map(({ group, name, bars: all }) => [`${group} ${name}`, all.map(({ from, to }) => [from, to])]),
  );
  expect(bars).toEqual({
    'process Start of the program': [[0, 8]],
    'process Start of Node.js': [[8, 30]],
    'process Entry of the executable': [[30, 33]],
    'process fetch.cjs': [[33, 50]],
    'process Plan': [[50, 60]],
    'process TLS, certificate authorities': [
      [60, 66],
      [69, 82],
    ],
    'process Sign-in request': [[103, 104]],
    'process secrets-manager.cjs (AWS SDK)': [[66, 69]],
    'process GetSecretValue request': [[125, 131]],
    'process Files, log': [[153, 160]],
    'process End of the process': [[160, 165]],
    'sign-in TCP': [[60, 80]],
    'sign-in TLS': [[82, 103]],
    'sign-in AssumeRoleWithWebIdentity': [[104, 125]],
    'read TCP': [[61, 81]],
    'read TLS': [[81, 100]],
    'read GetSecretValue': [[131, 153]],
  });
});

it('shows a bundle that loads while the process waits', () => {
  const sdk = { file: 'secrets-manager.cjs', from: 90, to: 99 };
  const { rows } = stepsOf([run([...MARKS.bundles, sdk])], 20);
  expect(rows.find(({ name }) => name.startsWith('TLS, '))?.bars).toEqual([{ from: 60, to: 82 }]);
  expect(rows.find(({ name }) => name.startsWith('secrets-manager'))?.bars).toEqual([{ from: 90, to: 99 }]);
});

it('takes the medians of the runs, without those that do the steps in another order', () => {
  const load = (to: number) => [{ file: 'fetch.cjs', from: 33, to }];
  const other = run([...MARKS.bundles, { file: 'secrets-manager.cjs', from: 70, to: 75 }], 300);
  const { rows, leftOut } = stepsOf([run(load(40)), run(load(59)), other, run(load(45))], 20);
  expect(leftOut).toBe(1);
  expect(rows.find(({ name }) => name.startsWith('fetch.cjs'))?.bars).toEqual([{ from: 33, to: 45 }]);
  expect(rows.map(({ name }) => name)).not.toContain('secrets-manager.cjs (AWS SDK)');
});

it('finds the modules that a step loads in a profiled run, and scales them to the other runs', () => {
  const frame = (functionName: string, url: string) => ({
    functionName,
    url,
    lineNumber: 0,
    columnNumber: 0,
  });
  // From 33 to 50 ms, fetch.cjs is loaded.
  const profile: CpuProfile = {
    startTime: (STARTED + 20) * 1000,
    nodes: [
      { id: 1, callFrame: frame('(root)', ''), children: [2, 6] },
      { id: 2, callFrame: frame('', 'file:///app/fetch.cjs'), children: [3, 5] },
      { id: 3, callFrame: frame('', 'node:https'), children: [4] },
      { id: 4, callFrame: frame('', 'node:tls') },
      { id: 5, callFrame: frame('', 'node:os') },
      { id: 6, callFrame: frame('', 'node:net') },
    ],
    samples: [1, 6, 2, 3, 4, 4, 5, 2, 6],
    timeDeltas: [9_000, 3_000, 1_000, 5_000, 5_000, 1_700, 300, 1_000, 5_000],
  };
  const loads = modulesOf(run(MARKS.bundles), profile);
  // node:tls belongs to node:https; node:net is in other steps.
  const row = { name: 'fetch.cjs', group: 'process' as const, bars: [{ from: 50, to: 84 }] };
  const [, https, ...others] = withModules([row], [loads, [], loads]);
  expect(https).toMatchObject({ group: 'process', name: '… of it node:https' });
  expect(https?.bars[0]?.from).toBeCloseTo(50);
  expect(https?.bars[0]?.to).toBeCloseTo(73.4);
  // node:os is too short.
  expect(others).toEqual([]);
  expect(withModules([row], [loads, []])).toEqual([row]);
});

it('draws each step with its start and its length', () => {
  const bars = [
    { from: 10, to: 20 },
    { from: 30, to: 31.5 },
  ];
  const drawn = drawTimeline({
    title: 'Times < 100 ms',
    rows: [{ group: 'process', name: 'Load & run', bars }],
    end: 40,
    notes: ['A note.'],
  });
  expect(textsOf(drawn)).toEqual(
    expect.arrayContaining(['Times < 100 ms', 'Load & run', '10.0, 30.0', '11.5', 'A note.']),
  );
});
