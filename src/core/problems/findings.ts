/** Problems and warnings, gathered while something is read or decided: all of them are reported, not only the first. */
import type { AdmissionCode } from './admission-codes.ts';
import type { Problem } from './problems.ts';
import { printable } from './quote.ts';
import type { Result } from './result.ts';
import type { Warning, WarningCode } from './warning-codes.ts';

/** API servers may cut a warning that is longer. */
const LONGEST_WARNING = 120;
/** Further problems are only counted, so that a hostile pod with a problem in every field does not cost much. */
const MOST_PROBLEMS = 1000;
const MOST_WARNINGS = 100;

/** A problem, several, none, or a function that makes one, for loops over something that users can make long. */
type Found<Code extends string> =
  | Problem<Code>
  | readonly Problem<Code>[]
  | undefined
  | (() => Problem<Code>);

export class Findings<Code extends string = AdmissionCode> {
  readonly #problems: Problem<Code>[] = [];
  readonly #warnings: Warning[] = [];
  #dropped = 0;

  get problems(): readonly Problem<Code>[] {
    return this.#problems;
  }

  /** The number of problems that were only counted. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One printable line each, of at most 120 characters. */
  get warnings(): readonly string[] {
    return this.#warnings.map(({ text }) => text);
  }

  /** The same with their codes. */
  get codedWarnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** Whether there is no problem; warnings do not count. */
  get isClean(): boolean {
    return this.#problems.length === 0;
  }

  /** Adds what was found. A function is called only if its problem is kept. */
  add(found: Found<Code>): void {
    if (found === undefined) return;
    if (typeof found !== 'function' && !isOne(found)) {
      for (const problem of found) this.add(problem);
    } else if (this.#problems.length >= MOST_PROBLEMS) this.#dropped += 1;
    else this.#problems.push(typeof found === 'function' ? found() : found);
  }

  /** Takes the value of a result. @returns undefined where it has none; its problem, if any, is added */
  take<T>(result: Result<T, Problem<Code> | undefined>): T | undefined {
    if (result.ok) return result.value;
    this.add(result.problem);
    return undefined;
  }

  /** @param subject the annotation or field */
  warn(code: WarningCode, subject: string, text: string): void {
    if (this.#warnings.length >= MOST_WARNINGS) return;
    this.#warnings.push({ code, subject: printable(subject), text: printable(text, LONGEST_WARNING - 1) });
  }
}

function isOne<Code extends string>(found: Problem<Code> | readonly Problem<Code>[]): found is Problem<Code> {
  return !Array.isArray(found);
}
