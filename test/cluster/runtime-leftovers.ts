/** Files that containerd, its shims, the CNI plugins and kubelet keep in fixed places outside the folder of the run. */
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
/** Where kubelet listens for device plugins, regardless of --root-dir (k8s.io/kubelet, DevicePluginPath). */
const DEVICE_PLUGINS = '/var/lib/kubelet/device-plugins';
const KUBELET_FILES = ['kubelet.sock', 'kubelet_internal_checkpoint'].map((name) =>
  path.join(DEVICE_PLUGINS, name),
);
/** Inner folders come before outer ones. */
const FOLDERS = [
  SHIM_SOCKETS,
  '/run/containerd/fifo',
  '/run/containerd',
  CNI_RESULTS,
  '/var/lib/cni',
  LOG_LINKS,
  DEVICE_PLUGINS,
  path.dirname(DEVICE_PLUGINS),
];

/** The fixed places that exist. Called before a run, so that they are kept afterwards. */
export function fixedPlaces(): readonly string[] {
  return [...FOLDERS, ...KUBELET_FILES].filter((place) => existsSync(place));
}

/**
 * Removes the files of a run whose processes have ended.
 * @param directory of the run
 * @param before the result of fixedPlaces before the run
 */
export function removeRuntimeLeftovers(directory: string, before: readonly string[]): void {
  const bound = new Set(readFileSync('/proc/net/unix', 'utf8').split(/\s+/));
  removeFrom(SHIM_SOCKETS, (file) => !bound.has(file));
  // Each file names the network namespace of its pod, which was in the folder of the run.
  removeFrom(CNI_RESULTS, (file) => readFileSync(file, 'utf8').includes(`${directory}/`));
  removeFrom(LOG_LINKS, (file) => readlinkSync(file).startsWith(`${directory}/`));
  const isNew = (place: string): boolean => !before.includes(place);
  for (const file of KUBELET_FILES.filter(isNew)) rmSync(file, { force: true });
  for (const folder of FOLDERS.filter(isNew)) removeEmpty(folder);
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
    // It is not empty, or does not exist.
  }
}
