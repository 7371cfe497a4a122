/**
 * The cores of a bench: one for the programs that it measures, another for everything else. Without `taskset`, or with
 * a single core, nothing is pinned.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export type Core = 'programs' | 'others';

/** The numbers of the two cores. */
export const CORES: Readonly<Record<Core, number>> | undefined = findCores();

/** A command in front of a program that is to run on a core. */
export function onCore(core: Core): readonly string[] {
  return CORES === undefined ? [] : ['taskset', '-c', String(CORES[core])];
}

/** Moves this process, with its fake AWS and its clients, away from the programs that it measures. */
export function pinBench(): void {
  if (CORES === undefined) return;
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(CORES.others), String(process.pid)]);
}

/** The cores that are worth watching: all of them if nothing is pinned. */
export function watchedCores(): readonly number[] {
  return CORES === undefined
    ? Array.from({ length: availableParallelism() }, (_, core) => core)
    : [CORES.programs, CORES.others];
}

function findCores(): Readonly<Record<Core, number>> | undefined {
  const [programs, others] = allowedCores();
  if (programs === undefined || others === undefined) return undefined;
  return spawnSync('taskset', ['--version']).status === 0 ? { programs, others } : undefined;
}

function allowedCores(): readonly number[] {
  const status = readFileSync('/proc/self/status', 'latin1');
  return parseCores(/^Cpus_allowed_list:\s+(\S+)/m.exec(status)?.[1] ?? '');
}

/** @param list such as `0-2,8` */
export function parseCores(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
