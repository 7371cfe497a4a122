/** Lints files, and fixes them. */
import { randomUUID } from 'node:crypto';
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { findFiles } from '../manifests/files.ts';
import { readSource } from '../manifests/sources.ts';
import type { ReportResult } from '../report/result.ts';
import { Fingerprints, portable } from './fingerprint.ts';
import { type LintContext, type LintedText, lintText } from './lint-text.ts';
import type { TextFinding } from './text-finding.ts';

export interface LintedFiles {
  /** All files that were looked at. */
  readonly files: readonly string[];
  readonly results: readonly ReportResult[];
  readonly documents: number;
  /** How many documents could not be read, and do not mention the injector. */
  readonly leftOut: number;
  /** Whether everything was checked. */
  readonly isComplete: boolean;
  /** What could not be read or written, a line each. */
  readonly problems: readonly string[];
  /** Folders with templates of charts, which are not checked. */
  readonly skipped: readonly string[];
  readonly fixable: number;
  readonly fixed: number;
}

/** Lints files and the files of folders. @param fixes whether to change the files */
export function lintFiles(
  names: readonly string[],
  context: Omit<LintContext, 'isNamed'>,
  fixes: boolean,
): LintedFiles {
  const found = findFiles(names, { skipsTemplates: true });
  const named = new Set(names);
  const fingerprints = new Fingerprints();
  const results: ReportResult[] = [];
  const problems = [...found.problems];
  let [documents, leftOut, fixable, fixed] = [0, 0, 0, 0];
  let isComplete = problems.length === 0;
  for (const file of found.files) {
    const source = readSource(file);
    if (!source.ok) {
      problems.push(`${file === '-' ? 'standard input' : file}: ${source.problem}`);
      isComplete = false;
      continue;
    }
    let linted = lintText(source.value, { ...context, isNamed: named.has(file) });
    const count = linted.findings.filter(({ isFixable }) => isFixable).length;
    if (fixes && count > 0) {
      const problem = replaceFile(file, linted.fixed);
      if (problem === undefined) {
        fixed += count;
        linted = lintText(linted.fixed, { ...context, isNamed: named.has(file) });
      } else problems.push(`${file}: ${problem}`);
    }
    fixable += linted.findings.filter(({ isFixable }) => isFixable).length;
    documents += linted.documents;
    leftOut += linted.leftOut;
    isComplete &&= linted.isComplete;
    results.push(...resultsOf(file, linted, fingerprints));
  }
  const { files, skipped } = found;
  return { files, results, documents, leftOut, isComplete, problems, skipped, fixable, fixed };
}

function resultsOf(
  file: string,
  { findings }: LintedText,
  fingerprints: Fingerprints,
): readonly ReportResult[] {
  return findings.map((finding) => {
    const { rule, level, place, object } = finding;
    return {
      rule,
      level,
      message: messageOf(finding),
      place: { file: file === '-' ? file : portable(file), ...place },
      ...(object === '' ? {} : { object }),
      fingerprint: fingerprints.of(file, finding),
    };
  });
}

function messageOf({ subject, message, isFixable }: TextFinding): string {
  return `${subject === '' ? '' : `${subject}: `}${message}${isFixable ? ' (--fix does it)' : ''}`;
}

/** Replaces a file at once, so that an interruption leaves the old one. @returns why it cannot be written */
function replaceFile(file: string, text: string): string | undefined {
  let temporary: string | undefined;
  try {
    // Beside the file that a link names: a file can be moved at once only within its file system.
    const target = realpathSync(file);
    temporary = `${target}.${randomUUID()}.tmp`;
    writeFileSync(temporary, text, { flag: 'wx' });
    chmodSync(temporary, statSync(target).mode);
    renameSync(temporary, target);
    return undefined;
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    return `cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
}
