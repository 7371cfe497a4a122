/** Finds processes by their environment and cgroup, never by name. */
import { readdirSync, readFileSync } from 'node:fs';

/** A variable that every process of a run inherits, containerd's shims included. Its value is the folder of the run. */
export const MARK = 'AWS_SECRETS_INJECTOR_CLUSTER';

/** Processes with this variable of the run. */
export function markedProcesses(directory: string): readonly number[] {
  const entry = `${MARK}=${directory}`;
  return processIds().filter((pid) => read(pid, 'environ')?.split('\0').includes(entry));
}

/** Processes of pods: those in the named cgroup or below it, in any hierarchy. */
export function processesInCgroup(name: string): readonly number[] {
  return processIds().filter((pid) =>
    read(pid, 'cgroup')
      ?.split('\n')
      .some((line) => line.split(':').slice(2).join(':').split('/').includes(name)),
  );
}

/** The start time of a process in ticks since boot, or undefined if it has ended. Detects a reused process id. */
export function startTime(pid: number): string | undefined {
  const status = read(pid, 'stat');
  // The name in parentheses may contain spaces. The 22nd field is the 20th after it.
  const fields = status?.slice(status.lastIndexOf(')') + 2).split(' ');
  // A zombie counts as ended.
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Sends SIGKILL. Processes that have ended meanwhile are ignored. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

function processIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It ended meanwhile, or belongs to another user.
    return undefined;
  }
}
