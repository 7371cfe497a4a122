/** The fetcher as a whole process against a bare Node, in turn: on loopback and behind a delaying proxy. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { MAX_REFERENCES } from '../../src/core/limits.ts';
import { makeFetchStage, planFor, startDelayProxy, timeRun } from './fetch-stage.ts';

export interface FetcherFigures {
  readonly bareNodeMilliseconds: number;
  readonly loopbackMilliseconds: number;
  readonly delayedMilliseconds: number;
  readonly manyMilliseconds: number;
  /** 500 references to one secret, on loopback. */
  readonly referencesMilliseconds: number;
  readonly roundTripMilliseconds: number;
  /** Most resident memory of the loopback run; undefined where /usr/bin/time is missing. */
  readonly rssMegabytes: number | undefined;
  readonly rounds: number;
}

const ROUND_TRIP = 20;
const MANY = 20;

/** Measures rounds of every case in turn. @param dist where fetch.cjs lies */
export async function measureFetcher(dist: string, rounds = 15): Promise<FetcherFigures> {
  const stage = await makeFetchStage();
  const proxy = await startDelayProxy(stage.standIn, ROUND_TRIP);
  try {
    const one = planFor(stage.standIn, 1, ['eu-west-1']);
    const references = planFor(stage.standIn, 1, ['eu-west-1'], MAX_REFERENCES);
    const many = planFor(stage.standIn, MANY, ['eu-west-1', 'us-east-1']);
    const command = [process.execPath, path.join(dist, 'fetch.cjs'), '--root', stage.root];
    const fetcher = (plan: typeof one, port: number) => () => {
      stage.clear();
      return timeRun(command, stage.environment(plan, port));
    };
    const cases = {
      bare: () => timeRun([process.execPath, '-e', '0'], {}),
      loopback: fetcher(one, stage.standIn.port),
      references: fetcher(references, stage.standIn.port),
      delayed: fetcher(one, proxy.port),
      many: fetcher(many, proxy.port),
    };
    const seen: Record<keyof typeof cases, number[]> = {
      bare: [],
      loopback: [],
      references: [],
      delayed: [],
      many: [],
    };
    const names = Object.keys(cases) as (keyof typeof cases)[];
    for (const name of names) await cases[name]();
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) seen[name].push(await cases[name]());
    }
    stage.clear();
    return {
      bareNodeMilliseconds: median(seen.bare),
      loopbackMilliseconds: median(seen.loopback),
      delayedMilliseconds: median(seen.delayed),
      manyMilliseconds: median(seen.many),
      referencesMilliseconds: median(seen.references),
      roundTripMilliseconds: ROUND_TRIP,
      rssMegabytes: await rssOf(command, stage.environment(one, stage.standIn.port)),
      rounds,
    };
  } finally {
    await proxy.stop();
    await stage.stop();
  }
}

/** Resident memory as the kernel accounts it to the finished process (getrusage of the child's parent). */
async function rssOf(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  if (spawnSync('python3', ['-c', '0']).status !== 0) return undefined;
  const program =
    'import os,sys,resource,subprocess; subprocess.run(sys.argv[2:],stdout=subprocess.DEVNULL,check=True); open(sys.argv[1],"w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))';
  const { mkdtempSync, readFileSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-rss-'));
  try {
    const file = path.join(folder, 'rss');
    await timeRun(
      ['/usr/bin/env', `PATH=${process.env['PATH'] ?? ''}`, 'python3', '-c', program, file, ...command],
      env,
    );
    return Number(readFileSync(file, 'utf8')) / 1024;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
