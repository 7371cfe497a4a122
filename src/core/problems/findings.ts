/** Problems and warnings, gathered while something is read or decided: all of them are reported, not only the first. */
import type { AdmissionCode } from './admission-codes.ts';
import type { Problem } from './problems.ts';
import { printable } from './quote.ts';
import type { Result } from './result.ts';

/** API servers may cut a warning that is longer. */
const LONGEST_WARNING = 120;

export class Findings<Code extends string = AdmissionCode> {
  readonly #problems: Problem<Code>[] = [];
  readonly #warnings: string[] = [];

  get problems(): readonly Problem<Code>[] {
    return this.#problems;
  }

  /** One printable line each, of at most 120 characters. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Whether there is no problem; warnings do not count. */
  get isClean(): boolean {
    return this.#problems.length === 0;
  }

  /** Adds a problem, several, or none. */
  add(found: Problem<Code> | readonly Problem<Code>[] | undefined): void {
    if (found === undefined) return;
    if (isOne(found)) this.#problems.push(found);
    else for (const problem of found) this.#problems.push(problem);
  }

  /** Takes the value of a result. @returns undefined where it has none; its problem, if any, is added */
  take<T>(result: Result<T, Problem<Code> | undefined>): T | undefined {
    if (result.ok) return result.value;
    this.add(result.problem);
    return undefined;
  }

  warn(text: string): void {
    this.#warnings.push(printable(text, LONGEST_WARNING - 1));
  }
}

function isOne<Code extends string>(found: Problem<Code> | readonly Problem<Code>[]): found is Problem<Code> {
  return !Array.isArray(found);
}
