/** The executable and a bare Node.js, ready to run against the AWS fake in this process. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EXECUTABLE } from '../../scripts/shipped.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { makeFetchStage, planFor, startDelayProxy } from '../aws-fake/fetch-stage.ts';
import { type LimitedStart, type Run, TimedRuns } from './timed-runs.ts';

/** Of the proxy, in milliseconds. */
export const ROUND_TRIP = 20;

/** Where AWS is: on loopback, or behind the proxy. */
export type Distance = 'loopback' | 'delayed';

export interface FetcherStage extends AsyncDisposable {
  /** The executable, in a file of its own that was written like one of an image. */
  readonly program: string;
  /** A plan for new secrets, spread over the Regions. */
  plan(secrets: number, regions: readonly string[], references?: number): Plan;
  /** `node -e 0` */
  bareNode(start?: LimitedStart): Promise<Run>;
  /** Fetches into an empty volume. */
  fetch(plan: Plan, distance: Distance, start?: LimitedStart): Promise<Run>;
}

/** @param executable what ships */
export async function openFetcherStage(executable: string): Promise<FetcherStage> {
  await using opened = new AsyncDisposableStack();
  const stage = await makeFetchStage();
  opened.defer(() => stage.stop());
  const folder = await mkdtemp(path.join(tmpdir(), 'aws-secrets-injector-bench-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const program = path.join(folder, EXECUTABLE);
  // In small writes, as an image is unpacked: the kernel caches one large write in large pages, and counts each of them
  // in full as memory of the process.
  await pipeline(createReadStream(executable), createWriteStream(program, { mode: 0o755 }));
  const proxy = await startDelayProxy(stage.standIn, ROUND_TRIP);
  opened.defer(() => proxy.stop());
  const runs = opened.use(new TimedRuns());
  const closing = opened.move();
  const ports = { loopback: stage.standIn.port, delayed: proxy.port };
  return {
    program,
    plan: (secrets, regions, references) => planFor(stage.standIn, secrets, regions, references),
    bareNode: (start) => runs.run({ argv: [process.execPath, '-e', '0'], env: {} }, start),
    fetch: (plan, distance, start) => {
      stage.clear();
      const env = stage.environment(plan, ports[distance]);
      return runs.run({ argv: [program, 'fetch', '--root', stage.root], env }, start);
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
