/** The fetcher's report: the log, and the termination message that `kubectl describe pod` shows. */
import type { Plan } from '../../core/plan/plan.ts';
import { type DeliveredVersion, formatVersions } from '../../core/plan/versions.ts';
import { FETCH_CODES } from '../../core/problems/fetch-codes.ts';
import { type FetchProblem, formatProblems, problemAnchor } from '../../core/problems/problems.ts';
import { MOST_TERMINATION_BYTES, writeTerminationMessage } from '../../runtime/termination-message.ts';
import { print } from './print.ts';

/** The lowest exit code of all problems, because a problem of an earlier step has to be fixed first. */
export function exitCodeFor(problems: readonly FetchProblem[]): number {
  return Math.min(...problems.map((problem) => FETCH_CODES[problem.code].exit));
}

/** Reports problems on stderr and in the termination message. */
export function reportProblems(problems: readonly FetchProblem[], terminationLog: string): void {
  const text = fitting(problems);
  process.stderr.write(`${text}\n`);
  writeTerminationMessage(text, terminationLog);
}

/** The report with as many problems as a termination message can have, and the number of the others. */
function fitting(problems: readonly FetchProblem[]): string {
  const text = (shown: number) =>
    [formatProblems(problems.slice(0, shown), problems.length - shown), ...helpFor(problems)].join('\n');
  let shown = Math.min(problems.length, 5);
  while (shown > 1 && Buffer.byteLength(text(shown)) > MOST_TERMINATION_BYTES) shown -= 1;
  return text(shown);
}

/** The page about the first problem of identity or access, which takes more than a line to explain. */
function helpFor(problems: readonly FetchProblem[]): readonly string[] {
  const code = problems.map((problem) => problem.code).find((one) => HELPED.has(FETCH_CODES[one].exit));
  return code === undefined ? [] : [`see docs/reference/problems.md#${problemAnchor(code)}`];
}

/** Exit codes of problems with identity and access. */
const HELPED: ReadonlySet<number> = new Set([10, 11]);

/**
 * Reports a run that has succeeded: its warnings, of which the termination message contains at most five, and the record of
 * the delivered versions, which other programs read from the status of the pod.
 */
export function reportSuccess(
  { refresh }: Plan,
  versions: readonly (DeliveredVersion | undefined)[],
  warnings: readonly string[],
  terminationLog: string,
): void {
  if (warnings.length > 0) print(warnings.join('\n'));
  const more = warnings.length - 5;
  const shown = [...warnings.slice(0, 5), ...(more > 0 ? [`… and ${more} more`] : [])];
  const left = MOST_TERMINATION_BYTES - Buffer.byteLength(shown.join('\n')) - 1;
  // In sidecar mode, the versions change before the container ends.
  const record = refresh === undefined ? [formatVersions(versions, Math.max(left, LEAST_RECORD_BYTES))] : [];
  writeTerminationMessage([...record, ...shown].join('\n'), terminationLog);
}

/** Long warnings are cut before the record. */
const LEAST_RECORD_BYTES = 1024;

/** The problem of a run that a signal ended. @param why why the run had not ended, if that is known */
export function terminated(why: string | undefined): FetchProblem {
  const wrong = 'received SIGTERM before the secrets were written; no files were changed';
  return {
    code: 'FETCH_TERMINATED',
    subject: 'aws-secrets-fetch',
    wrong: why === undefined ? wrong : `${wrong}; ${why}`,
    expected:
      why === undefined
        ? 'no action is needed if the pod was stopped on purpose'
        : 'fix the cause, unless the pod was stopped on purpose',
  };
}

/** The problem of files that could not be written. Its text contains the system's code, but not the message with the path. */
export function writeProblem(error: unknown, folder: string): FetchProblem {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'WRITE_VOLUME_FULL',
        subject: folder,
        wrong: 'the in-memory volume is full',
        expected: 'request fewer values; if other programs write to the volume, give them another one',
      };
    case 'EROFS':
      return {
        code: 'WRITE_READ_ONLY',
        subject: folder,
        wrong: 'the volume is mounted read-only',
        expected: 'create the pod again; the mount of the init container was changed',
      };
    default:
      return {
        code: 'WRITE_FAILED',
        subject: folder,
        wrong: `the files could not be written (${code})`,
        expected: 'check that the volume is mounted and that the user of the init container may write to it',
      };
  }
}
