/** Runs programs one at a time, and asks the kernel what each took. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { onCore } from './cores.ts';
import type { CpuLimit } from './cpu-limit.ts';

/** What one run took, from exec to exit. */
export interface Run {
  readonly wallMilliseconds: number;
  readonly cpuMilliseconds: number;
  /** The most at any time. */
  readonly rssMegabytes: number;
}

export interface Command {
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** A run under a limit of CPU starts in a new period. */
export interface LimitedStart {
  readonly limit: CpuLimit;
  /** The part of the period's quota that is used up by then, from 0 to 1: runtimes of containers use some of it. */
  readonly usedPart: number;
}

/** Why no program can be measured, if so. Node.js does not report the usage of single child processes. */
export function timedRunsUnavailable(): string | undefined {
  return spawnSync('python3', ['--version']).status === 0 ? undefined : 'python3 is missing';
}

export class TimedRuns implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #results: AsyncIterator<string>;

  constructor() {
    const [program = 'python3', ...args] = [
      ...onCore('programs'),
      'python3',
      path.join(import.meta.dirname, 'timed_runs.py'),
    ];
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined);
    this.#results = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error if the program fails */
  async run({ argv, env }: Command, start?: LimitedStart): Promise<Run> {
    const limit = start && {
      processes: start.limit.processesFile,
      period: start.limit.periodSeconds,
      quota: start.limit.quotaSeconds,
      used: start.limit.quotaSeconds * start.usedPart,
    };
    this.#child.stdin.write(`${JSON.stringify({ argv, env, limit })}\n`);
    const { value, done } = await this.#results.next();
    if (done === true) throw new Error(`${argv[0]} could not be measured`);
    return JSON.parse(value) as Run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, 'exit');
  }
}
