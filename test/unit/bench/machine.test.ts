import { expect, test } from 'vitest';
import { parseCores } from '../../bench/cores.ts';
import { parseMillicores } from '../../bench/cpu-limit.ts';
import { familyTime, idleTime, parseTimes, readCounters } from '../../bench/machine.ts';

const STAT = `cpu  300 0 0 900 50 0 0 0 0 0
cpu0 100 0 0 400 20 0 0 0 0 0
cpu1 100 0 0 300 20 0 0 0 0 0
cpu10 100 0 0 200 10 0 0 0 0 0
intr 1 2 3`;

test('idle time is that of the watched cores, waiting for disks included', () => {
  expect(idleTime(STAT, [0, 1])).toBe(7400);
  expect(idleTime(STAT, [10])).toBe(2100);
});

test('times of a process include those of its ended children', () => {
  const stat = '42 (a) b (c)) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 500';
  expect(parseTimes(stat)).toEqual({ parent: 7, milliseconds: 1100 });
});

test('a family is a process with its descendants', () => {
  const times = (parent: number, milliseconds: number) => ({ parent, milliseconds });
  const processes = new Map([
    [1, times(0, 1)],
    [10, times(1, 10)],
    [11, times(10, 100)],
    [12, times(11, 1000)],
    [20, times(1, 10_000)],
  ]);
  expect(familyTime(processes, 10)).toBe(1110);
});

test('the work of this process is its own', () => {
  const before = readCounters();
  const until = process.cpuUsage().user + 50_000;
  while (process.cpuUsage().user < until);
  const after = readCounters();
  expect(after.own - before.own).toBeGreaterThanOrEqual(30);
  expect(after.idle).toBeGreaterThanOrEqual(before.idle);
});

test('lists of cores', () => {
  expect(parseCores('0-2,8')).toEqual([0, 1, 2, 8]);
  expect(parseCores('3')).toEqual([3]);
});

test.each([
  ['100m', 100],
  ['10m', 10],
  ['900m', 900],
  ['9m', undefined],
  ['1000m', undefined],
  ['0.1', undefined],
  ['m', undefined],
])('a limit of %s', (text, millicores) => {
  expect(parseMillicores(text)).toBe(millicores);
});
