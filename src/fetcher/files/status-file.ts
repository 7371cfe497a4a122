/** The status of the sidecar, which the probes of its container read. */
import fs from 'node:fs';
import path from 'node:path';
import { integerField } from '../../core/json.ts';
import { REFRESH_STATUS_FILE } from '../../core/names/volume-layout.ts';
import { startOf } from '../process/process-start.ts';
import { readState, writeState } from './state-file.ts';

/** A plan, as far as the place of the file depends on it. */
export interface PlacedPlan {
  readonly views: readonly { readonly volume: string }[];
}

export function statusFile({ views }: PlacedPlan, viewsDirectory: string): string {
  return path.join(viewsDirectory, views[0]?.volume ?? '', REFRESH_STATUS_FILE);
}

/** Whether the sidecar has started in the life of the pod, so that the application may run. */
export function hasStarted(plan: PlacedPlan, viewsDirectory: string): boolean {
  return fs.existsSync(statusFile(plan, viewsDirectory));
}

/** Milliseconds of a clock that all processes of a node share, and that does not change when the time is set. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** Records that this process has started. @param freshUntil when its files are too old, by `monotonicNow` */
export function writeStatus(file: string, freshUntil: number): void {
  const { pid } = process;
  writeState(file, { pid, startedAt: startOf(pid), freshUntil: Math.round(freshUntil) });
}

/** Until when the files are fresh, by `monotonicNow`, as the last process has recorded. */
export function freshUntilOf(file: string): number {
  return integerField(readState(file), 'freshUntil') ?? 0;
}

/**
 * Whether the process that wrote the status still runs: a status of an earlier process of the pod says nothing.
 * @param what `fresh`: also whether the last successful look is recent enough
 */
export function isInState(file: string, what: 'started' | 'fresh', now: number): boolean {
  const state = readState(file);
  const pid = integerField(state, 'pid');
  const startedAt = integerField(state, 'startedAt');
  if (pid === undefined || startedAt === undefined || startOf(pid) !== startedAt) return false;
  return what === 'started' || now <= (integerField(state, 'freshUntil') ?? 0);
}
