/** A cgroup with a limit of memory, as a container has one, for one process. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface MemoryLimit {
  /** A command in front of a program, which then runs in the cgroup. */
  readonly wrap: readonly string[];
  /** The most bytes so far, with the buffers of its sockets. */
  readonly peakBytes: () => number;
  /** Removes the cgroup, after its last process has ended. */
  readonly remove: () => void;
}

/** Makes a cgroup. @returns undefined without the right to do so */
export function limitMemory(bytes: number): MemoryLimit | undefined {
  const name = `aws-secrets-injector-attack-${process.pid}`;
  try {
    return existsSync('/sys/fs/cgroup/cgroup.controllers')
      ? unified(path.join('/sys/fs/cgroup', name), bytes)
      : legacy(path.join('/sys/fs/cgroup/memory', name), bytes);
  } catch {
    return undefined;
  }
}

function unified(folder: string, bytes: number): MemoryLimit {
  mkdirSync(folder);
  try {
    writeFileSync(path.join(folder, 'memory.max'), String(bytes));
    if (existsSync(path.join(folder, 'memory.swap.max')))
      writeFileSync(path.join(folder, 'memory.swap.max'), '0');
    readNumber(folder, 'memory.peak');
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return made(folder, () => readNumber(folder, 'memory.peak'));
}

function legacy(folder: string, bytes: number): MemoryLimit {
  mkdirSync(folder);
  try {
    writeFileSync(path.join(folder, 'memory.limit_in_bytes'), String(bytes));
    // Any limit makes the kernel count the buffers of sockets, which cgroup v2 always counts.
    writeFileSync(path.join(folder, 'memory.kmem.tcp.limit_in_bytes'), String(16 * bytes));
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return made(
    folder,
    () =>
      readNumber(folder, 'memory.max_usage_in_bytes') +
      readNumber(folder, 'memory.kmem.tcp.max_usage_in_bytes'),
  );
}

function made(folder: string, peakBytes: () => number): MemoryLimit {
  const script = `echo $$ > ${path.join(folder, 'cgroup.procs')} && exec "$@"`;
  return {
    wrap: ['/bin/sh', '-c', script, 'sh'],
    peakBytes,
    remove: () => rmdirSync(folder),
  };
}

function readNumber(folder: string, file: string): number {
  return Number(readFileSync(path.join(folder, file), 'utf8'));
}
