/** Problems: coded complaints to the user. The codes are in `admission-codes.ts` and `fetch-codes.ts`. */
import type { AdmissionCode } from './admission-codes.ts';
import type { FetchCode } from './fetch-codes.ts';

/** A mistake with its code. `subject` names the annotation or field. No part contains the value of a secret. */
export interface Problem<Code extends string = AdmissionCode> {
  readonly code: Code;
  readonly subject: string;
  /** What was found. */
  readonly wrong: string;
  /** What is expected, or what to do. A getter where it costs work: only problems that are shown need it. */
  readonly expected: string;
}

export type FetchProblem = Problem<FetchCode>;

/** The anchor of a code in docs/reference/problems.md. */
export function problemAnchor(code: string): string {
  return code.toLowerCase();
}

/** One line for people: `CODE subject: what is wrong; what is expected`. */
export function formatProblem(problem: Problem<string>): string {
  return `${problem.code} ${problem.subject}: ${problem.wrong}; ${problem.expected}`;
}

/**
 * Problems as one text: the first five, then a count of the rest, so that an event or `kubectl` line stays
 * readable. @param dropped the number of problems that were only counted @returns lines joined with a line feed.
 */
export function formatProblems(problems: readonly Problem<string>[], dropped = 0): string {
  const lines = problems.slice(0, 5).map(formatProblem);
  const more = problems.length - lines.length + dropped;
  return more > 0 ? `${lines.join('\n')}\n… and ${more} more` : lines.join('\n');
}
