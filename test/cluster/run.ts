/** One run of a cluster: its folder, its names, and what it found, for tearing it down even after a crash. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readKernelSettings } from './kernel-settings.ts';
import { startTime } from './processes.ts';
import { fixedPlaces } from './runtime-leftovers.ts';
import type { Level } from './toolchain/toolchain.ts';

const PREFIX = 'aws-secrets-injector-cluster-';

export interface Run {
  readonly directory: string;
  readonly level: Level;
  /** Name of the bridge, of the CNI network and of the cgroup above all pods. */
  readonly name: string;
  readonly supervisor: { readonly pid: number; readonly startTime: string | undefined };
  /** As they were before the run: kubelet and the CNI plugins change some. */
  readonly kernelSettings: Readonly<Record<string, string>>;
  /** Of the files and folders outside the run's own that programs of a node make, those that were there before it. */
  readonly fixedPlaces: readonly string[];
}

/** Makes the folder of a new run, owned by this process. */
export function createRun(level: Level): Run {
  const directory = mkdtempSync(path.join(tmpdir(), PREFIX));
  const run: Run = {
    directory,
    level,
    // An interface's name has at most 15 characters.
    name: `awssi-${randomBytes(4).toString('hex')}`,
    supervisor: { pid: process.pid, startTime: startTime(process.pid) },
    kernelSettings: level === 'node' ? readKernelSettings() : {},
    fixedPlaces: level === 'node' ? fixedPlaces() : [],
  };
  for (const folder of ['logs', 'pki', 'kubeconfig', 'etcd']) mkdirSync(path.join(directory, folder));
  writeFileSync(path.join(directory, 'run.json'), JSON.stringify(run));
  return run;
}

/** Runs whose supervisor was killed before it could tear them down. */
export function abandonedRuns(): readonly Run[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => readRun(path.join(tmpdir(), name)))
    .filter((run) => run !== undefined)
    .filter(({ supervisor }) => startTime(supervisor.pid) !== supervisor.startTime);
}

function readRun(directory: string): Run | undefined {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'run.json'), 'utf8')) as Run;
  } catch {
    // Another user's, or one that is being made or removed at this moment.
    return undefined;
  }
}
