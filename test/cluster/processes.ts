/** Finds processes by what the kernel says about them, never by name. */
import { readdirSync, readFileSync } from 'node:fs';

/** Variable that every process of a run inherits, containerd's shims included; its value is the run's folder. */
export const MARK = 'AWS_SECRETS_INJECTOR_CLUSTER';

/** Processes that carry the mark of the run. */
export function markedProcesses(directory: string): readonly number[] {
  const entry = `${MARK}=${directory}`;
  return processIds().filter((pid) => read(pid, 'environ')?.split('\0').includes(entry));
}

/** Processes in the cgroup of that name or below it, in any hierarchy: what runs in pods. */
export function processesInCgroup(name: string): readonly number[] {
  return processIds().filter((pid) =>
    read(pid, 'cgroup')
      ?.split('\n')
      .some((line) => line.split(':').slice(2).join(':').split('/').includes(name)),
  );
}

/** When a process began, in ticks since boot; undefined when it has ended. Tells it from a later one of the same id. */
export function startTime(pid: number): string | undefined {
  const status = read(pid, 'stat');
  // The name in parentheses may hold spaces; the 22nd field is the 20th after it.
  const fields = status?.slice(status.lastIndexOf(')') + 2).split(' ');
  // Dead and not yet waited for is as good as gone.
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Sends SIGKILL. One that has ended meanwhile is fine. */
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
    // It ended meanwhile, or belongs to somebody else.
    return undefined;
  }
}
