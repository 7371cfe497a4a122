/** The executable with one secret behind round trips, with what Node.js and V8 record of its runs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type FetchStage,
  makeFetchStage,
  planFor,
  startDelayProxy,
  timeRun,
} from '../aws-fake/fetch-stage.ts';
import type { DelayProxy } from '../aws-fake/index.ts';
import type { CpuProfile } from '../pictures/cpu-profile.ts';
import type { Run } from '../pictures/timeline/steps.ts';
import { readMarks, type TraceEvent } from '../pictures/timeline/trace.ts';

/** In microseconds. */
const SAMPLING_INTERVAL = 200;

export class TracedFetcher implements AsyncDisposable {
  readonly #executable: string;
  readonly #stage: FetchStage;
  readonly #proxy: DelayProxy;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-trace-'));

  private constructor(executable: string, stage: FetchStage, proxy: DelayProxy) {
    this.#executable = executable;
    this.#stage = stage;
    this.#proxy = proxy;
    this.#environment = stage.environment(planFor(stage.standIn, 1, ['eu-west-1']), proxy.port);
  }

  static async open(executable: string, roundTrip: number): Promise<TracedFetcher> {
    const stage = await makeFetchStage();
    return new TracedFetcher(executable, stage, await startDelayProxy(stage.standIn, roundTrip));
  }

  /** @param options of Node.js */
  async run(...options: readonly string[]): Promise<{ readonly startedAt: number; readonly ended: number }> {
    this.#stage.clear();
    this.#stage.standIn.reset();
    const flag = options.length === 0 ? [] : [`--node-options=${options.join(' ')}`];
    const command = [this.#executable, ...flag, 'fetch', '--root', this.#stage.root];
    // Traces have the times of this clock.
    const startedAt = Number(process.hrtime.bigint()) / 1e6;
    return { startedAt, ended: await timeRun(command, this.#environment) };
  }

  /** @param options of Node.js, besides those that trace */
  async trace(...options: readonly string[]): Promise<Run> {
    const file = path.join(this.#folder, 'trace.json');
    const run = await this.run(
      ...['--trace-event-categories=node', `--trace-event-file-pattern=${file}`, ...options],
    );
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: readonly TraceEvent[] };
    return { ...run, marks: readMarks(traceEvents, run.startedAt) };
  }

  /** Traces a run that V8 profiles, which slows it down. */
  async profile(): Promise<{ readonly run: Run; readonly profile: CpuProfile }> {
    const directory = mkdtempSync(path.join(this.#folder, 'profile-'));
    const run = await this.trace(
      ...['--cpu-prof', `--cpu-prof-interval=${SAMPLING_INTERVAL}`, `--cpu-prof-dir=${directory}`],
    );
    const [file = ''] = readdirSync(directory);
    return { run, profile: JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as CpuProfile };
  }

  /** How long the AWS fake took for each request of the last run, in milliseconds. */
  get answerTimes(): readonly number[] {
    return this.#stage.standIn.requests.map(
      ({ startedAt, finishedAt = startedAt }) => finishedAt - startedAt,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy.stop();
    await this.#stage.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
