/** What the fetcher says at its end: to the log, and to the termination message that `kubectl describe pod` shows. */
import fs from 'node:fs';
import { FETCH_CODES } from '../../core/problems/fetch-codes.ts';
import { type FetchProblem, formatProblems } from '../../core/problems/problems.ts';

/** Kubernetes cuts a termination message at 4096 bytes. */
const MOST_BYTES = 4096;

/**
 * The exit code for problems: of the first by this order, since what comes first has to be mended first. A plan
 * before an identity, that before access, and so on down to a disk.
 */
export function exitCodeFor(problems: readonly FetchProblem[]): number {
  return Math.min(...problems.map((problem) => FETCH_CODES[problem.code].exit));
}

/** Tells problems. The log goes to stderr; the termination message only where kubelet made a file for it. */
export function reportProblems(problems: readonly FetchProblem[], terminationLog: string): void {
  const text = formatProblems(problems);
  process.stderr.write(`${text}\n`);
  writeTerminationMessage(text, terminationLog);
}

/** Tells warnings of a run that succeeded. At most five stand in the termination message. */
export function reportWarnings(warnings: readonly string[], terminationLog: string): void {
  process.stdout.write(`${warnings.join('\n')}\n`);
  const more = warnings.length - 5;
  const shown = [...warnings.slice(0, 5), ...(more > 0 ? [`… and ${more} more`] : [])];
  writeTerminationMessage(shown.join('\n'), terminationLog);
}

function writeTerminationMessage(text: string, terminationLog: string): void {
  try {
    const { O_WRONLY, O_TRUNC } = fs.constants;
    const descriptor = fs.openSync(terminationLog, O_WRONLY | O_TRUNC);
    try {
      fs.writeSync(descriptor, cut(text));
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    // Outside a container there is no such file, and the log has said it all.
  }
}

function cut(text: string): string {
  let kept = text;
  while (Buffer.byteLength(kept) > MOST_BYTES) kept = `${kept.slice(0, Math.floor(kept.length * 0.95) - 1)}…`;
  return kept;
}

/** The problem of files that could not be written. The system's code is told, its message (which holds a path) is not. */
export function writeProblem(error: unknown, folder: string): FetchProblem {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'WRITE_VOLUME_FULL',
        subject: folder,
        wrong: 'the volume in memory is full',
        expected: 'ask for fewer secrets; if other files lie there, mount them elsewhere',
      };
    case 'EROFS':
      return {
        code: 'WRITE_READ_ONLY',
        subject: folder,
        wrong: 'the volume is mounted read-only',
        expected: 'something changed the mount of the init container: create the pod again',
      };
    default:
      return {
        code: 'WRITE_FAILED',
        subject: folder,
        wrong: `the files could not be written (${code})`,
        expected: 'check that the volume is mounted and that the user of the init container may write there',
      };
  }
}
