/** The application as a process of its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from '../cluster/until.ts';
import type { QueryLine, Worker } from './application.ts';

export interface RunningApplication {
  /** Every query that has ended, in order. */
  readonly queries: readonly QueryLine[];
  /** Waits until each worker has ended some more queries. */
  moreQueries(count: number): Promise<void>;
  stop(): Promise<void>;
}

// Those of the application, whose module cannot be loaded here.
const WORKERS: readonly Worker[] = ['pooled', 'reconnecting', 'holding'];

/** Starts the program. @param folder with the files of the view */
export function startApplication(
  program: string,
  folder: string,
  files: readonly string[],
): RunningApplication {
  const child = spawn(process.execPath, [program], {
    env: { SECRETS_FOLDER: folder, DATABASE_FILES: files.join(',') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const queries: QueryLine[] = [];
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => queries.push(JSON.parse(line) as QueryLine));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const countOf = (worker: Worker) => queries.filter((query) => query.worker === worker).length;
  return {
    queries,
    moreQueries: async (count) => {
      const goals = WORKERS.map((worker) => [worker, countOf(worker) + count] as const);
      const details = () => said;
      await until('queries', { seconds: 60, details }, () =>
        goals.every(([worker, goal]) => countOf(worker) >= goal) ? true : undefined,
      );
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The failed queries. */
export function failuresOf({ queries }: RunningApplication): readonly QueryLine[] {
  return queries.filter(({ code }) => code !== undefined);
}
