/** Samples of metrics that a real API server and a real kube-state-metrics returned, at several moments. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

/** Samples in the Prometheus text format, without timestamps. */
export type Snapshot = readonly string[];

const FILE = path.join(import.meta.dirname, 'recorded/cluster.txt');
const SEPARATOR = '\n# next snapshot\n';

/** The samples of some metrics in a text of the Prometheus format. */
export function samplesOf(text: string, names: ReadonlySet<string>): Snapshot {
  return text.split('\n').filter((line) => names.has(/^\w+/.exec(line)?.[0] ?? ''));
}

export function recordedSnapshots(): readonly Snapshot[] {
  return readFileSync(FILE, 'utf8')
    .split(SEPARATOR)
    .map((part) => part.trimEnd().split('\n'));
}

/** Expects the same metrics with the same labels; with UPDATE_RECORDED=1, writes the snapshots instead. */
export function compareWithRecorded(snapshots: readonly Snapshot[]): void {
  if (process.env['UPDATE_RECORDED'] === '1')
    writeFileSync(FILE, `${snapshots.map((one) => one.join('\n')).join(SEPARATOR)}\n`);
  expect(shapes(snapshots)).toEqual(shapes(recordedSnapshots()));
}

/** Each metric with the names of its labels. */
function shapes(snapshots: readonly Snapshot[]): readonly string[] {
  const all = snapshots.flat().map((sample) => {
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, name]) => name);
    return `${/^\w+/.exec(sample)?.[0]} ${labels.toSorted().join(',')}`;
  });
  return [...new Set(all)].toSorted();
}
