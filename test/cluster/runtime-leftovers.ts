/** Files that containerd, its shims, the CNI plugins and kubelet keep at fixed places, outside the run's folder. */
import {
  existsSync,
  type PathLike,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';

const SHIM_SOCKETS = '/run/containerd/s';
const CNI_RESULTS = '/var/lib/cni/results';
const LOG_LINKS = '/var/log/containers';

/** @param directory of the run, whose processes have ended */
export function removeRuntimeLeftovers(directory: string): void {
  const bound = new Set(readFileSync('/proc/net/unix', 'utf8').split(/\s+/));
  removeFrom(SHIM_SOCKETS, (file) => !bound.has(file));
  // Each names the network namespace of its pod, which was in the run's folder.
  removeFrom(CNI_RESULTS, (file) => readFileSync(file, 'utf8').includes(`${directory}/`));
  removeFrom(LOG_LINKS, (file) => readlinkSync(file).startsWith(`${directory}/`));
  for (const folder of [
    SHIM_SOCKETS,
    '/run/containerd/fifo',
    '/run/containerd',
    CNI_RESULTS,
    '/var/lib/cni',
    LOG_LINKS,
  ])
    removeEmpty(folder);
}

function removeFrom(folder: string, isOurs: (file: string) => boolean): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (isOurs(file)) rmSync(file, { force: true });
  }
}

function removeEmpty(folder: PathLike): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or not there.
  }
}
