/**
 * The main process of a container, in a pod whose containers share a PID namespace. Kubernetes does not name containers in
 * /proc, but kubelet mounts the termination log of each container from a directory with the name of the container, and every
 * process may read which mounts another one has.
 */
import fs from 'node:fs';
import path from 'node:path';
import { startIn } from '../process/process-start.ts';

export interface FoundProcess {
  readonly pid: number;
  /** The name of the program. */
  readonly name: string;
  /** In milliseconds since boot. */
  readonly startedAt: number;
  /** The signals that the process handles, as a mask: bit 0 is signal 1. */
  readonly handled: bigint;
}

/**
 * Finds the main process of a container: the first one that has started in it. Processes of `kubectl exec` and of probes
 * start later.
 * @param proc the directory of the kernel's files
 */
export function mainProcessOf(container: string, proc = '/proc'): FoundProcess | undefined {
  const found = fs
    .readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const process = readProcess(path.join(proc, pid), Number(pid), container);
      return process === undefined ? [] : [process];
    });
  return found.toSorted((one, other) => one.startedAt - other.startedAt || one.pid - other.pid)[0];
}

/** Reads a process of the container. @returns undefined for others, and for processes that have ended */
function readProcess(folder: string, pid: number, container: string): FoundProcess | undefined {
  try {
    const read = (name: string) => fs.readFileSync(path.join(folder, name), 'latin1');
    if (containerIn(read('mountinfo')) !== container) return undefined;
    const startedAt = startIn(read('stat'));
    const [, name = '', , handled = '0'] =
      /^Name:\t(.*)$([\s\S]*?)^SigCgt:\t([\da-f]+)$/m.exec(read('status')) ?? [];
    return startedAt === undefined ? undefined : { pid, name, startedAt, handled: BigInt(`0x${handled}`) };
  } catch {
    return undefined;
  }
}

/** kubelet, makeMounts: `<root directory>/pods/<uid>/containers/<name>/<id>`, whatever the file system starts with. */
const TERMINATION_LOG = /\/pods\/[^/]+\/containers\/([a-z0-9-]{1,63})\/[\da-f]{1,16}$/;

/** The name of the container that has these mounts. @param mountinfo the content of /proc/PID/mountinfo */
export function containerIn(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    // The fourth field is the path of the mount in its file system (proc(5)).
    const [, name] = TERMINATION_LOG.exec(line.split(' ')[3] ?? '') ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}
