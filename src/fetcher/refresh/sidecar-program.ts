/**
 * The program of the sidecar between looks. The first run continues as this program when the files are in place. It loads
 * neither the AWS SDK nor TLS, because every pod has it in memory for all its life.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DUE_ACTIONS_FILE } from '../../core/names/volume-layout.ts';
import { freshUntilOf, monotonicNow, writeStatus } from '../files/status-file.ts';
import type { RefreshStart } from './messages.ts';
import { MetricsServer } from './metrics-server.ts';
import { RefreshLog } from './refresh-log.ts';
import { RefreshMetrics } from './refresh-metrics.ts';
import { LookProcesses } from './run-look.ts';
import { runSidecar } from './sidecar.ts';

/** Runs until a signal. @param argv the start as JSON, from the first run */
export function runProgram([json = '']: readonly string[]): void {
  const start = JSON.parse(json) as RefreshStart;
  const processes = new LookProcesses(start.root, start.lookSeconds);
  const stop = new AbortController();
  const end = (code: number): void => {
    stop.abort();
    processes.kill();
    process.exit(code);
  };
  // The application has ended, or the pod is deleted: nothing has to be finished.
  process.on('SIGTERM', () => end(0)).on('SIGINT', () => end(0));
  // Node would print an uncaught error with its message.
  process.on('uncaughtException', () => end(FAILED));
  void run(start, processes, stop.signal);
}

/** The exit code of a bug. kubelet starts the container again, and the files stay. */
const FAILED = 70;

async function run(start: RefreshStart, processes: LookProcesses, stop: AbortSignal): Promise<void> {
  const metrics = new RefreshMetrics(start, { wall: () => Date.now(), monotonic: monotonicNow });
  const write = (line: string): void => void fs.writeSync(1, `${line}\n`);
  const log = new RefreshLog(write, monotonicNow, start.arns);
  const server = new MetricsServer(start.port, () => metrics.text);
  const listen = async (): Promise<void> => {
    const listening = await server.listen();
    if (typeof listening === 'string') log.failing('no metrics', { port: start.port, error: listening });
  };
  const isDue = fs.existsSync(path.join(path.dirname(start.statusFile), DUE_ACTIONS_FILE));
  await listen();
  await runSidecar(
    start,
    isDue,
    {
      clock: {
        now: monotonicNow,
        sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
        random: Math.random,
      },
      run: async (request) => {
        await listen();
        return processes.run(request);
      },
      freshFor: (milliseconds) => recordStatus(start.statusFile, milliseconds, log),
      log,
      metrics,
    },
    stop,
  );
}

function recordStatus(file: string, milliseconds: number | undefined, log: RefreshLog): void {
  try {
    writeStatus(file, milliseconds === undefined ? freshUntilOf(file) : monotonicNow() + milliseconds);
  } catch (error) {
    log.failing('no status', { error: (error as NodeJS.ErrnoException).code ?? 'unknown error' });
  }
}

if (require.main === module) runProgram(process.argv.slice(2));
