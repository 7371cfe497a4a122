/** The fetcher as a whole process against a bare Node, in turn: on loopback and behind a delaying proxy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { EXECUTABLE } from '../../scripts/shipped.ts';
import { MAX_REFERENCES } from '../../src/core/limits.ts';
import { makeFetchStage, planFor, startDelayProxy, timeRun } from '../aws-fake/fetch-stage.ts';
import { measureSidecar, type SidecarFigures } from './sidecar.ts';

export interface FetcherFigures {
  readonly bareNodeMilliseconds: number;
  readonly loopbackMilliseconds: number;
  readonly delayedMilliseconds: number;
  readonly manyMilliseconds: number;
  /** 500 references to one secret, on loopback. */
  readonly referencesMilliseconds: number;
  readonly roundTripMilliseconds: number;
  /** What the kernel accounts to the loopback run; undefined without Python. */
  readonly usage: Usage | undefined;
  readonly sidecar: SidecarFigures;
  readonly rounds: number;
}

interface Usage {
  /** CPU of the fetcher in times of the CPU of a bare Node.js, which ran before it. */
  readonly cpuRatio: number;
  readonly rssMegabytes: number;
}

const ROUND_TRIP = 20;
const MANY = 20;

/** Measures rounds of every case in turn. @param executable what ships */
export async function measureFetcher(executable: string, rounds = 15): Promise<FetcherFigures> {
  const stage = await makeFetchStage();
  const folder = await mkdtemp(path.join(tmpdir(), 'aws-secrets-injector-bench-'));
  const program = path.join(folder, EXECUTABLE);
  // In small writes, as an image is unpacked: the kernel caches one large write in large pages, and counts each of them
  // in full as memory of the process.
  await pipeline(createReadStream(executable), createWriteStream(program, { mode: 0o755 }));
  const proxy = await startDelayProxy(stage.standIn, ROUND_TRIP);
  try {
    const one = planFor(stage.standIn, 1, ['eu-west-1']);
    const references = planFor(stage.standIn, 1, ['eu-west-1'], MAX_REFERENCES);
    const many = planFor(stage.standIn, MANY, ['eu-west-1', 'us-east-1']);
    const command = [program, 'fetch', '--root', stage.root];
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
      usage: await usageOf(command, stage.environment(one, stage.standIn.port), stage.root, rounds),
      sidecar: await measureSidecar(program),
      rounds,
    };
  } finally {
    await proxy.stop();
    await stage.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the kernel accounts to the fetcher and to a bare Node.js, in turn. */
async function usageOf(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  root: string,
  rounds: number,
): Promise<Usage | undefined> {
  const commands = {
    bare: { argv: [process.execPath, '-e', '0'], env: {} },
    fetcher: { argv: command, env, empty: path.join(root, 'secrets/aws-secrets') },
  };
  // Not synchronous: the AWS fake answers in this process.
  const child = spawn('python3', [path.join(import.meta.dirname, 'usage.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const failed = once(child, 'error').then(() => undefined);
  child.stdin.on('error', () => undefined).end(JSON.stringify({ commands, rounds }));
  const printed = await Promise.race([failed, text(child.stdout)]);
  if (!printed) return undefined;
  const seen = JSON.parse(printed) as Record<keyof typeof commands, { cpu: number[]; rss: number }>;
  const ratios = seen.fetcher.cpu.map((cpu, round) => cpu / (seen.bare.cpu[round] ?? 1));
  return { cpuRatio: median(ratios), rssMegabytes: seen.fetcher.rss };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
