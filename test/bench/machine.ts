/** How long the cores were busy, and how much of it this bench and its programs used. */
import { readdirSync, readFileSync } from 'node:fs';
import { watchedCores } from './cores.ts';

/** Milliseconds, each since some moment that does not change. */
export interface Counters {
  readonly now: number;
  /** In which a core had nothing to do, in sum over the cores. */
  readonly idle: number;
  /** CPU time of this process and of all that it has started. */
  readonly own: number;
}

/** Linux reports CPU times in hundredths of a second. */
const TICK_MS = 10;

/** Reads the counters, which are exact to some hundredths of a second. Idle time has no gaps, unlike busy time. */
export function readCounters(): Counters {
  const own = ownTime();
  const stat = readFileSync('/proc/stat', 'latin1');
  return { now: performance.now(), idle: idleTime(stat, watchedCores()), own };
}

/** @param stat proc_stat(5): user, nice, system, idle, iowait, … of each core */
export function idleTime(stat: string, cores: readonly number[]): number {
  return cores.reduce((sum, core) => {
    const fields = new RegExp(`^cpu${core} (.*)`, 'm').exec(stat)?.[1]?.split(' ').map(Number) ?? [];
    return sum + ((fields[3] ?? 0) + (fields[4] ?? 0)) * TICK_MS;
  }, 0);
}

interface ProcessTimes {
  readonly parent: number;
  /** With that of its children that have ended. */
  readonly milliseconds: number;
}

function ownTime(): number {
  const processes = new Map<number, ProcessTimes>();
  for (const entry of readdirSync('/proc')) {
    const times = /^\d+$/.test(entry) ? readTimes(entry) : undefined;
    if (times !== undefined) processes.set(Number(entry), times);
  }
  return familyTime(processes, process.pid);
}

/** CPU time of a process and of its descendants. */
export function familyTime(processes: ReadonlyMap<number, ProcessTimes>, head: number): number {
  let sum = 0;
  for (const [pid, { milliseconds }] of processes) {
    let ancestor = pid;
    while (ancestor !== head && processes.has(ancestor)) ancestor = processes.get(ancestor)?.parent ?? 0;
    if (ancestor === head) sum += milliseconds;
  }
  return sum;
}

function readTimes(pid: string): ProcessTimes | undefined {
  try {
    return parseTimes(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // It has ended.
    return undefined;
  }
}

/** @param stat proc_pid_stat(5), in which the name of the program may contain blanks and parentheses */
export function parseTimes(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), milliseconds: ticks * TICK_MS };
}
