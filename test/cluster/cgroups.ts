/** The cgroup above all pods of a run: in every hierarchy of version 1, or in the one of version 2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from './until.ts';

/** Kubelet demands that it exists. */
export function makeCgroups(name: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = path.join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    // Version 1 gives a new cpuset neither processors nor memory, and nothing can run in it then.
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (existsSync(path.join(folder, file)) && !existsSync(path.join(folder, 'cgroup.controllers')))
        writeFileSync(path.join(folder, file), readFileSync(path.join(hierarchy, file)));
  }
}

/** @throws Error when one is still in use after some seconds */
export async function removeCgroups(name: string): Promise<void> {
  const folders = hierarchies().map((hierarchy) => path.join(hierarchy, name));
  // The kernel takes a moment to notice that the last process has gone.
  await until('cgroups are empty', { seconds: 10 }, () => {
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
