/** What the dialects share: variables in, text or faults out, and what no environment variable can carry. */
import { isEnvName } from '../names/env-names.ts';

export interface Variable {
  readonly name: string;
  readonly value: string;
}

export interface VariableFault {
  /** The variable or the document's top-level member; empty for a document that cannot be written at all. */
  readonly name: string;
  /** What is wrong, without a word of the value: it goes on from the name, as in `holds a newline`. */
  readonly fault: string;
}

/** A file's text, or everything that kept it from being written. */
export type Written = { readonly text: string } | { readonly faults: readonly VariableFault[] };

/** One way to write variables, each by itself. */
export interface LineDialect {
  /** Why a variable cannot be written, going on from its name. */
  fault(name: string, value: string): string | undefined;
  /** A variable that has no fault, with its line feed. */
  line(name: string, value: string): string;
}

export function writeLines(dialect: LineDialect, variables: readonly Variable[]): Written {
  const faults = variables.flatMap(({ name, value }) => {
    const fault = dialect.fault(name, value);
    return fault === undefined ? [] : [{ name, fault }];
  });
  if (faults.length > 0) return { faults };
  return { text: variables.map(({ name, value }) => dialect.line(name, value)).join('') };
}

/** What keeps text from being UTF-8. */
export function encodingFault(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'holds half of a surrogate pair';
}

/** What keeps a name and a value from being an environment variable, whoever reads the file. */
export function environmentFault(name: string, value: string): string | undefined {
  if (!isEnvName(name)) return 'has a name that no environment variable can have';
  return value.includes('\0') ? 'holds a NUL' : encodingFault(value);
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * Longest line, without its line feed, that Go's bufio.Scanner returns when nobody asks it for more (64 KiB).
 */
export const LONGEST_SCANNED_LINE = 65_535;
