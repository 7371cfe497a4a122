/** The status of the sidecar, as its probes see it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeState } from '../../../../src/fetcher/files/state-file.ts';
import {
  hasStarted,
  isInState,
  monotonicNow,
  statusFile,
  writeStatus,
} from '../../../../src/fetcher/files/status-file.ts';
import { startOf } from '../../../../src/fetcher/process/process-start.ts';

const PLAN = { views: [{ volume: '.' }, { volume: 'other' }] };
let volumes: string;
let file: string;
beforeEach(() => {
  volumes = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-status-'));
  file = statusFile(PLAN, volumes);
});
afterEach(() => rmSync(volumes, { recursive: true, force: true }));

const NOW = 1_000_000;
const states = () => [isInState(file, 'started', NOW), isInState(file, 'fresh', NOW)];

it('a process that runs has started, and is fresh until a time', () => {
  expect([states(), hasStarted(PLAN, volumes)]).toEqual([[false, false], false]);
  writeStatus(file, NOW);
  expect([states(), hasStarted(PLAN, volumes)]).toEqual([[true, true], true]);
  writeStatus(file, NOW - 1);
  expect(states()).toEqual([true, false]);
  expect(readdirSync(volumes)).toEqual(['..refresh']);
});

it('an earlier process of the pod says nothing, also with the same process ID', () => {
  const startedAt = startOf(process.pid) ?? 0;
  writeState(file, { pid: process.pid, startedAt: startedAt - 10, freshUntil: NOW });
  expect([states(), hasStarted(PLAN, volumes)]).toEqual([[false, false], true]);
  writeState(file, { pid: 2 ** 30, startedAt, freshUntil: NOW });
  expect(states()).toEqual([false, false]);
});

it.each(['', '{', '[]', 'null', '{"pid":"1","startedAt":"1"}', '{"pid":1}', ' '.repeat(70_000)])(
  'the status "%.9s" is none',
  (content) => {
    writeFileSync(file, content);
    expect(states()).toEqual([false, false]);
  },
);

it('times come from a clock that only goes forward', () => {
  const before = monotonicNow();
  expect(monotonicNow()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(before - Number(process.hrtime.bigint() / 1_000_000n))).toBeLessThan(60_000);
});
