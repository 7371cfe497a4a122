/** The process of the fetcher: arguments, signals, the report and the exit code. A run is in `run-once.ts`. */
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed } from '../core/problems/result.ts';
import { readRoot } from '../runtime/root.ts';
import { RetryLog } from './aws/retry-log.ts';
import { readEnvironment } from './process/environment.ts';
import type { LoadBundle } from './process/load-bundle.ts';
import { exitCodeFor, reportProblems, reportWarnings, terminated } from './process/report.ts';
import { runOnce } from './run-once.ts';
import { RunTrace } from './trace/run-trace.ts';

/**
 * Runs the fetcher once.
 * @param load loads the other bundles
 * @returns the exit code
 */
export async function runFetch(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
  load: LoadBundle,
): Promise<number> {
  const root = readRoot(argv);
  if (root === undefined) {
    process.stderr.write('Usage: aws-secrets-injector fetch [--root DIRECTORY]\n');
    return 2;
  }
  const environment = readEnvironment(variables, root);
  for (const name of environment.ignored)
    process.stderr.write(`${name} is not the name of a Region and is not used\n`);
  const log = new RetryLog((line) => process.stderr.write(`${line}\n`));
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const trace =
    environment.trace === undefined
      ? undefined
      : new RunTrace(environment.trace, environment.identity.pod.namespace);
  const run = runOnce({ environment, stop: stop.signal, load, log, trace });
  const outcome = await run.catch(() => failed([INTERNAL]));
  if (!outcome.ok) {
    const problems = stop.signal.aborted ? [terminated(log.current)] : outcome.problem;
    reportProblems(problems, environment.terminationLog);
    const code = exitCodeFor(problems);
    await trace?.send(load, { 'secrets_injector.exit_code': code }, problems[0]?.code);
    return code;
  }
  const { written, files, secrets, warnings } = outcome.value;
  const milliseconds = Math.round(performance.now());
  process.stdout.write(
    `${written ? 'wrote' : 'kept'} ${counted(files, 'file')} from ${counted(secrets, 'secret')} in ${milliseconds} ms\n`,
  );
  if (warnings.length > 0) reportWarnings(warnings, environment.terminationLog);
  const counts = { 'secrets_injector.secrets': secrets, 'secrets_injector.files': files };
  await trace?.send(load, { 'secrets_injector.exit_code': 0, ...counts }, undefined);
  return 0;
}

/** Reports an uncaught error without its message. @returns the exit code */
export function endInternally(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): number {
  const { terminationLog } = readEnvironment(variables, readRoot(argv) ?? '/');
  reportProblems([INTERNAL], terminationLog);
  return exitCodeFor([INTERNAL]);
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
