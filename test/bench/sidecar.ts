/** The sidecar between looks: what the kernel accounts to it, and the CPU of a look. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { formatPlan, PLAN_VARIABLE } from '../../src/core/plan/plan.ts';
import type { RefreshStart } from '../../src/fetcher/refresh/messages.ts';
import { makeFetchStage, planFor } from '../aws-fake/fetch-stage.ts';
import { onCore } from './cores.ts';
import type { Samples } from './samples.ts';

export interface SidecarFigures {
  /** Resident after some looks, with the pages of the executable, which the containers of a node share. */
  readonly residentMegabytes: number;
  readonly privateMegabytes: number;
  /** CPU of one look that finds nothing new. */
  readonly lookMilliseconds: number;
  readonly idle: SidecarIdle | undefined;
}

/** CPU while it waits. */
export interface SidecarIdle {
  readonly milliseconds: number;
  readonly seconds: number;
}

const LOOKS = 10;
const IDLE_SECONDS = 10;
/** Linux reports CPU times in hundredths of a second. */
const TICK_MS = 10;

/**
 * @param program the executable, in a file of its own that was written like one of an image
 * @param hasIdle also measures the idle sidecar, which takes some seconds
 */
export async function measureSidecar(
  program: string,
  samples: Samples,
  hasIdle: boolean,
): Promise<SidecarFigures> {
  const stage = await makeFetchStage();
  try {
    const plan = {
      ...planFor(stage.standIn, 1, ['eu-west-1']),
      refresh: { seconds: 30, check: 'describe' } as const,
    };
    const variables = { ...stage.environment(plan, stage.standIn.port), [PLAN_VARIABLE]: formatPlan(plan) };
    const start = (seconds: number): RefreshStart => ({
      ...{ seconds, lookSeconds: 30, root: stage.root, port: 0 },
      statusFile: `${stage.root}/secrets/aws-secrets/..refresh`,
      arns: plan.secrets.map(({ arn }) => arn),
      versions: plan.secrets.map(() => null),
      isRestart: false,
    });
    const run = (seconds: number) => {
      const [command = program, ...args] = [...onCore('programs'), program, 'refresh'];
      return spawn(command, [...args, JSON.stringify(start(seconds))], { env: variables, stdio: 'ignore' });
    };
    const described = () =>
      stage.standIn.requests.filter(({ operation }) => operation === 'DescribeSecret').length;

    const [looking] = await samples.take('sidecar', 1, () => measureLooks(run(0.1), described));
    if (looking === undefined) throw new Error('the sidecar was not measured');
    return { ...looking, idle: hasIdle ? await measureIdle(run(86_400)) : undefined };
  } finally {
    await stage.stop();
  }
}

async function measureLooks(
  looking: ChildProcess,
  described: () => number,
): Promise<Omit<SidecarFigures, 'idle'>> {
  const until = described();
  while (described() === until) await delay(50);
  await delay(500);
  const [before, first] = [childrenOf(looking.pid), described()];
  while (described() < first + LOOKS) await delay(20);
  const lookMilliseconds = (childrenOf(looking.pid) - before) / (described() - first);
  const memory = readFileSync(`/proc/${looking.pid}/status`, 'latin1');
  looking.kill();
  await once(looking, 'exit');
  return {
    residentMegabytes: megabytes(memory, 'VmRSS'),
    privateMegabytes: megabytes(memory, 'RssAnon'),
    lookMilliseconds,
  };
}

async function measureIdle(waiting: ChildProcess): Promise<SidecarIdle> {
  await delay(1_000);
  const used = ownOf(waiting.pid);
  await delay(IDLE_SECONDS * 1_000);
  const milliseconds = ownOf(waiting.pid) - used;
  waiting.kill();
  await once(waiting, 'exit');
  return { milliseconds, seconds: IDLE_SECONDS };
}

/** CPU of a process, in milliseconds. */
function ownOf(pid: number | undefined): number {
  return timesOf(pid, 11);
}

/** CPU of the processes that a process has started, after their end. */
function childrenOf(pid: number | undefined): number {
  return timesOf(pid, 13);
}

/** @param at index of the user time after the name of the program; the system time follows (proc(5)) */
function timesOf(pid: number | undefined, at: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const numbers = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return ((numbers[at] ?? 0) + (numbers[at + 1] ?? 0)) * TICK_MS;
}

function megabytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
}
