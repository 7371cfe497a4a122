/** What the fetcher did and when, as rows of bars: from the marks of several runs to medians. */
import { median } from '../../bench/median.ts';
import type { Exchange, Marks } from './trace.ts';

export type Group = 'baseline' | 'process' | 'sign-in' | 'read';

/** Milliseconds since the program was started. */
export interface Bar {
  readonly from: number;
  readonly to: number;
}

export interface Row {
  readonly group: Group;
  readonly name: string;
  /** In the order of time. */
  readonly bars: readonly Bar[];
}

/** One run, with what was seen from outside. */
export interface Run {
  readonly marks: Marks;
  /** In milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Milliseconds since the start. */
  readonly ended: number;
}

export interface Steps {
  readonly rows: readonly Row[];
  /** Runs that did the steps in another order than most, and are not in the rows. */
  readonly leftOut: number;
}

/** The rows of the fetcher, by the medians of each start and each end. */
export function stepsOf(runs: readonly Run[], roundTrip: number): Steps {
  const seen = runs.map((run) => [...processRows(run), ...connectionRows(run.marks.exchanges, roundTrip)]);
  const shape = (rows: readonly Row[]) => rows.map(({ name, bars }) => `${name} ${bars.length}`).join();
  const [alike = []] = [...Map.groupBy(seen, shape).values()].toSorted((a, b) => b.length - a.length);
  const [sample = []] = alike;
  const rows = sample.map((row, at) => ({
    ...row,
    bars: row.bars.map((_, index) => medianBar(alike.flatMap((one) => one[at]?.bars[index] ?? []))),
  }));
  return { rows, leftOut: seen.length - alike.length };
}

const WAITING = 'waiting';

/** The main thread: each point ends the step before it and begins its own. */
function processRows({ marks, ended }: Run): readonly Row[] {
  const [signIn, read] = marks.exchanges;
  const lastTls = Math.max(signIn.tls, read.tls);
  const before = (at: number): string => {
    if (at < signIn.connect) return 'Plan';
    return at < lastTls ? 'TLS, certificate authorities' : WAITING;
  };
  const points = [
    { at: 0, name: 'Start of the program' },
    { at: marks.nodeStart, name: 'Start of Node.js' },
    { at: marks.nodeReady, name: 'Entry of the executable' },
    ...marks.bundles.flatMap(({ file, from, to }) => [
      { at: from, name: BUNDLES[file] ?? file },
      { at: to, name: before(to) },
    ]),
    { at: signIn.connect, name: before(signIn.connect) },
    { at: lastTls, name: WAITING },
    { at: signIn.secure, name: 'Sign-in request' },
    { at: signIn.written, name: WAITING },
    { at: signIn.answered, name: 'GetSecretValue request' },
    { at: read.written, name: WAITING },
    { at: read.answered, name: 'Files, log' },
    { at: marks.leaving, name: 'End of the process' },
  ].toSorted((a, b) => a.at - b.at);
  const rows = new Map<string, Bar[]>();
  for (const [index, { at, name }] of points.entries()) {
    const to = points[index + 1]?.at ?? ended;
    if (name === WAITING || to === at) continue;
    const bars = rows.get(name) ?? [];
    rows.set(name, bars);
    if (bars.at(-1)?.to === at) bars.splice(-1, 1, { from: bars.at(-1)?.from ?? at, to });
    else bars.push({ from: at, to });
  }
  return [...rows].map(([name, bars]) => ({ group: 'process', name, bars }));
}

const BUNDLES: Readonly<Record<string, string>> = {
  'secrets-manager.cjs': 'secrets-manager.cjs (AWS SDK)',
};

/** The connections. On loopback they open at once; the proxy delays their first bytes by a round trip instead. */
function connectionRows([signIn, read]: Marks['exchanges'], roundTrip: number): readonly Row[] {
  const rows = (group: Group, request: string, { connect, tls, secure, written, answered }: Exchange) => {
    const open = connect + roundTrip;
    return [
      { group, name: 'TCP', bars: [{ from: connect, to: open }] },
      { group, name: 'TLS', bars: [{ from: Math.max(open, tls), to: secure }] },
      { group, name: request, bars: [{ from: Math.max(secure, written), to: answered }] },
    ];
  };
  return [...rows('sign-in', 'AssumeRoleWithWebIdentity', signIn), ...rows('read', 'GetSecretValue', read)];
}

function medianBar(bars: readonly Bar[]): Bar {
  return { from: median(bars.map(({ from }) => from)), to: median(bars.map(({ to }) => to)) };
}
