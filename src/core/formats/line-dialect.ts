/** What the env file formats share: variables in, text or faults out, and what no environment variable can contain. */
import { isEnvName } from '../names/env-names.ts';
import { failed, ok, type Result } from '../problems/result.ts';

export interface Variable {
  readonly name: string;
  readonly value: string;
}

export interface VariableFault {
  /** The variable or the top-level member; empty for a document that cannot be written at all. */
  readonly name: string;
  /** Continues a sentence after the name, as in `contains a newline`; never quotes the value. */
  readonly fault: string;
}

/** The text of a file, or all faults that prevent it. */
export type Written = Result<string, readonly VariableFault[]>;

/** A format that writes each variable on its own. */
export interface LineDialect {
  /** Why the format cannot represent a variable, or undefined. */
  fault(name: string, value: string): string | undefined;
  /** The text of a variable without faults, with its line feed. */
  line(name: string, value: string): string;
}

export function writeLines(dialect: LineDialect, variables: readonly Variable[]): Written {
  const faults = variables.flatMap(({ name, value }) => {
    const fault = dialect.fault(name, value);
    return fault === undefined ? [] : [{ name, fault }];
  });
  if (faults.length > 0) return failed(faults);
  return ok(variables.map(({ name, value }) => dialect.line(name, value)).join(''));
}

/** Why a text cannot be UTF-8, or undefined. */
export function encodingFault(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'contains half of a surrogate pair';
}

/** Why no environment variable can have the name and the value, or undefined. */
export function environmentFault(name: string, value: string): string | undefined {
  if (!isEnvName(name)) return 'has a name that is not a valid variable name';
  return value.includes('\0') ? 'contains a NUL character' : encodingFault(value);
}

/** The longest line in bytes, without its line feed, that Go's bufio.Scanner returns by default (64 KiB). */
export const LONGEST_SCANNED_LINE = 65_535;
