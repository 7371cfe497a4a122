/** The process of the fetcher: arguments, signals, the report and the exit code. A run is in `run-once.ts`. */

import { RetryLog } from '../aws/calls/retry-log.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { PlanRefresh } from '../core/plan/refresh.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed } from '../core/problems/result.ts';
import { processTime } from '../runtime/process-time.ts';
import { readRoot } from '../runtime/root.ts';
import { hasStarted, statusFile } from './files/status-file.ts';
import { type Environment, readEnvironment } from './process/environment.ts';
import type { LoadBundle } from './process/load-bundle.ts';
import { print } from './process/print.ts';
import { continueAs } from './process/programs.ts';
import { exitCodeFor, reportProblems, reportSuccess, terminated } from './process/report.ts';
import { type RunEnd, RunLog } from './process/run-log.ts';
import { lookMilliseconds } from './refresh/look-limits.ts';
import type { RefreshStart } from './refresh/messages.ts';
import { type Finished, runOnce } from './run-once.ts';
import type { Start } from './start.ts';
import { sendRun } from './trace/run-trace.ts';

/**
 * Runs the fetcher once.
 * @param start undefined if the arguments are not valid
 * @param load loads the other bundles
 * @returns the exit code
 */
export async function runFetch(start: Start | undefined, load: LoadBundle): Promise<number> {
  if (start === undefined) {
    process.stderr.write('Usage: aws-secrets-injector fetch [--root DIRECTORY]\n');
    return 2;
  }
  const { root, environment } = start;
  for (const name of environment.ignored)
    process.stderr.write(`${name} is not the name of a Region and is not used\n`);
  const restarted = restartedPlan(start);
  if (restarted !== undefined) {
    startRefresh(restarted, undefined, root, environment);
    return exitCodeFor([INTERNAL]);
  }
  const log = new RetryLog((line) => process.stderr.write(`${line}\n`));
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const runLog = new RunLog();
  const run = runOnce({ ...start, stop: stop.signal, load, log, runLog });
  const ended = await run.catch(() => failed([INTERNAL]));
  if (!ended.ok) {
    const problems = stop.signal.aborted ? [terminated(log.current)] : ended.problem;
    const exitCode = exitCodeFor(problems);
    const codes = problems.map((problem) => problem.code);
    reportProblems(problems, environment.terminationLog);
    writeLine(runLog, { outcome: 'failed', exitCode, codes, retries: log.retries });
    await sendRun(load, environment, runLog, { 'secrets_injector.exit_code': exitCode }, codes[0]);
    return exitCode;
  }
  const { plan, written, files, warnings, versions } = ended.value;
  const secrets = plan.secrets.length;
  const milliseconds = Math.round(processTime());
  const outcome = written ? 'wrote' : 'kept';
  print(`${outcome} ${counted(files, 'file')} from ${counted(secrets, 'secret')} in ${milliseconds} ms`);
  reportSuccess(plan, versions, warnings, environment.terminationLog);
  writeLine(runLog, { outcome, exitCode: 0, retries: log.retries, files });
  const counts = { 'secrets_injector.secrets': secrets, 'secrets_injector.files': files };
  await sendRun(load, environment, runLog, { 'secrets_injector.exit_code': 0, ...counts });
  if (!isRefreshed(plan)) return 0;
  startRefresh(plan, versions, root, environment);
  return exitCodeFor([INTERNAL]);
}

type RefreshedPlan = Plan & { readonly refresh: PlanRefresh };

function isRefreshed(plan: Plan): plan is RefreshedPlan {
  return plan.refresh !== undefined;
}

/**
 * The plan of a sidecar that starts again in the same pod. The application has its files, so there is nothing to wait for:
 * not even for AWS, whose outage would otherwise make the pod not ready.
 */
function restartedPlan({ plan: read, environment }: Start): RefreshedPlan | undefined {
  if (!read.ok || !isRefreshed(read.value.plan)) return undefined;
  return hasStarted(read.value.plan, environment.viewsDirectory) ? read.value.plan : undefined;
}

/**
 * Continues as the sidecar. Returns only if this Node.js cannot do that.
 * @param versions of the first run; undefined if the sidecar had started before, so that they are not known
 */
function startRefresh(
  plan: RefreshedPlan,
  versions: Finished['versions'] | undefined,
  root: string,
  { viewsDirectory }: Environment,
): void {
  const start: RefreshStart = {
    seconds: plan.refresh.seconds,
    lookSeconds: lookMilliseconds(plan.timeoutSeconds) / 1000,
    statusFile: statusFile(plan, viewsDirectory),
    root,
    arns: plan.secrets.map(({ arn }) => arn),
    versions: plan.secrets.map((_, index) => versions?.[index] ?? null),
    isRestart: versions === undefined,
    port: METRICS_PORT,
  };
  continueAs('refresh', [JSON.stringify(start)]);
}

/** Of the sidecar, on the loopback address. */
const METRICS_PORT = 15_470;

/** Reports an uncaught error without its message. @returns the exit code */
export function endInternally(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): number {
  const { terminationLog } = readEnvironment(variables, readRoot(argv) ?? '/');
  const exitCode = exitCodeFor([INTERNAL]);
  reportProblems([INTERNAL], terminationLog);
  writeLine(new RunLog(), { outcome: 'failed', exitCode, codes: [INTERNAL.code], retries: 0 });
  return exitCode;
}

function writeLine(runLog: RunLog, end: RunEnd): void {
  print(runLog.end(end));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const INTERNAL: FetchProblem = {
  code: 'FETCH_INTERNAL',
  subject: 'aws-secrets-fetch',
  wrong: 'a bug in the fetcher prevented the fetch; no files were written',
  expected: 'report the bug with the version of the image',
};
