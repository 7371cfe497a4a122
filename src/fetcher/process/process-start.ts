/** When processes started, by the clock of the kernel. */
import fs from 'node:fs';

/** Linux reports times in hundredths of a second, on every platform (proc(5), sysconf(_SC_CLK_TCK)). */
const TICK_MS = 10;

/** When a process started, in milliseconds since boot; undefined if there is none. */
export function startOf(pid: number): number | undefined {
  try {
    return startIn(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** @param stat the content of /proc/PID/stat */
export function startIn(stat: string): number | undefined {
  // The name of the program is in parentheses and can contain any character. The field is the 22nd.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isInteger(ticks) ? ticks * TICK_MS : undefined;
}

/** Milliseconds since boot, by the same clock. */
export function sinceBoot(): number {
  return Math.round(Number(fs.readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000);
}
