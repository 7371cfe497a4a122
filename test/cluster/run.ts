/** One run of a cluster: its folder, its names, and the state before the run, to tear it down even after a crash. */
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
  /** The name of the bridge, of the CNI network and of the parent cgroup of all pods. */
  readonly name: string;
  readonly supervisor: { readonly pid: number; readonly startTime: string | undefined };
  /** The settings before the run: kubelet and the CNI plugins change some. */
  readonly kernelSettings: Readonly<Record<string, string>>;
  /** The files and folders in fixed places that existed before the run: programs of a node create some. */
  readonly fixedPlaces: readonly string[];
}

/** Creates the folder of a new run, which this process owns. */
export function createRun(level: Level): Run {
  const directory = mkdtempSync(path.join(tmpdir(), PREFIX));
  const run: Run = {
    directory,
    level,
    // The name of a network interface has at most 15 characters.
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
    // It belongs to another user, or another process is creating or removing it.
    return undefined;
  }
}
