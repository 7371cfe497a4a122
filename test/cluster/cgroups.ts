/** The parent cgroup of all pods of a run: in every hierarchy of cgroup v1, or in the one of cgroup v2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from './until.ts';

/** Creates the cgroup, which kubelet expects to exist. */
export function makeCgroups(name: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = path.join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    // In cgroup v1, a new cpuset has neither processors nor memory, so no process can run in it.
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (existsSync(path.join(folder, file)) && !existsSync(path.join(folder, 'cgroup.controllers')))
        writeFileSync(path.join(folder, file), readFileSync(path.join(hierarchy, file)));
  }
}

/**
 * Lets the pods of a run have most of the CPU, as on a machine of their own. Otherwise, every process outside of cgroups, such as
 * those of other tests, would count as much as all pods together.
 */
export function preferCgroups(name: string): void {
  for (const hierarchy of hierarchies())
    for (const [file, share] of [
      ['cpu.shares', '32768'],
      ['cpu.weight', '3000'],
    ] as const) {
      const setting = path.join(hierarchy, name, file);
      if (existsSync(setting)) writeFileSync(setting, share);
    }
}

/** Removes the cgroup. @throws Error if it is still in use after some seconds */
export async function removeCgroups(name: string): Promise<void> {
  const folders = hierarchies().map((hierarchy) => path.join(hierarchy, name));
  // The kernel needs a moment to notice that the last process has ended.
  await until('the cgroups to be empty', { seconds: 10 }, () => {
    for (const folder of folders) removeTree(folder);
    return true;
  });
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(path.join(folder, entry.name));
  rmdirSync(folder);
}

function hierarchies(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith('/sys/fs/cgroup'));
}
