/**
 * The fetcher and a bare Node.js under a limit of CPU. The kernel lets a container run until the quota of a period is used
 * up, and then only in the next one. So the time of a run jumps by a period where its CPU time exceeds a multiple of
 * the quota, by however little. To measure what many pods see, runs start with different parts of the quota used up,
 * and the figures are means over them.
 */
import { type CpuLimit, limitCpu } from './cpu-limit.ts';
import type { FetcherStage } from './fetcher-stage.ts';
import type { Samples } from './samples.ts';

export interface LimitedFigures {
  readonly millicores: number;
  /** Wall time in milliseconds: means. */
  readonly bareNode: number;
  readonly loopback: number;
  readonly delayed: number;
  readonly rounds: number;
}

/** What could not be measured, and why. */
export interface Unmeasured {
  readonly millicores: number;
  readonly reason: string;
}

/** Measures rounds of every case in turn. */
export async function measureLimited(
  stage: FetcherStage,
  samples: Samples,
  options: { readonly millicores: number; readonly rounds: number },
): Promise<LimitedFigures | Unmeasured> {
  const { millicores, rounds } = options;
  let limit: CpuLimit;
  try {
    limit = limitCpu(millicores);
  } catch (error) {
    return { millicores, reason: `no cgroup with a CPU limit: ${(error as NodeJS.ErrnoException).code}` };
  }
  try {
    const one = stage.plan(1, ['eu-west-1']);
    const seen = await samples.take(`CPU limit of ${millicores}m`, rounds, async (_attempt, usedPart) => {
      const start = { limit, usedPart };
      const bareNode = await stage.bareNode(start);
      const loopback = await stage.fetch(one, 'loopback', start);
      return { bareNode, loopback, delayed: await stage.fetch(one, 'delayed', start) };
    });
    const mean = (name: 'bareNode' | 'loopback' | 'delayed'): number =>
      seen.reduce((sum, runs) => sum + runs[name].wallMilliseconds, 0) / seen.length;
    return {
      ...{ millicores, rounds },
      ...{ bareNode: mean('bareNode'), loopback: mean('loopback'), delayed: mean('delayed') },
    };
  } finally {
    limit.remove();
  }
}
