/** A cgroup with a limit of CPU, as kubelet makes one for a container. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface CpuLimit {
  /** A process that writes its ID into this file enters the cgroup. */
  readonly processesFile: string;
  readonly periodSeconds: number;
  readonly quotaSeconds: number;
  /** Removes the cgroup, after its last process has ended. */
  readonly remove: () => void;
}

/** As kubelet sets it. */
const PERIOD_MICROSECONDS = 100_000;
/** The kernel allows no quota below 1 ms. */
const LEAST_MILLICORES = 10;
/** A single thread must exceed the limit. */
const MOST_MILLICORES = 900;

/** @param text a Kubernetes quantity such as `100m`. @returns undefined if it is none, or too small or too large to measure */
export function parseMillicores(text: string): number | undefined {
  const millicores = /^[1-9]\d*m$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  return millicores >= LEAST_MILLICORES && millicores <= MOST_MILLICORES ? millicores : undefined;
}

/** Makes a cgroup. @throws Error, also without the right to do so */
export function limitCpu(millicores: number): CpuLimit {
  const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const parent = isUnified ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu';
  const folder = path.join(parent, `aws-secrets-injector-bench-${process.pid}-${millicores}m`);
  const quota = (millicores * PERIOD_MICROSECONDS) / 1000;
  mkdirSync(folder);
  const write = (file: string, value: string): void => writeFileSync(path.join(folder, file), value);
  try {
    if (isUnified) write('cpu.max', `${quota} ${PERIOD_MICROSECONDS}`);
    else {
      write('cpu.cfs_period_us', String(PERIOD_MICROSECONDS));
      write('cpu.cfs_quota_us', String(quota));
    }
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return {
    processesFile: path.join(folder, 'cgroup.procs'),
    periodSeconds: PERIOD_MICROSECONDS / 1e6,
    quotaSeconds: quota / 1e6,
    remove: () => rmdirSync(folder),
  };
}
