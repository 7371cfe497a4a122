/** What the YAML parser complains of, in our own words: its messages quote the text at length. */
import type { YAMLException } from 'js-yaml';

export interface SyntaxFault {
  readonly wrong: string;
  readonly expected: string;
}

const TAB = 'a tab in the indentation';
const SPACES = 'indent with spaces';

/** Beginnings of the parser's reasons. What is not listed is only "no valid YAML". */
const FAULTS: readonly (readonly [reason: string, what: string, expected?: string])[] = [
  ['tab characters', TAB, SPACES],
  [
    'bad indentation',
    'something that does not fit here, or its indentation',
    'line up what belongs together; quote text that holds ": " or begins with a special character',
  ],
  [
    'deficient indentation',
    'too little indentation',
    'line up what belongs together; close quotes and brackets',
  ],
  ['nesting exceeded', 'deeper nesting than the form has', 'see the annotation reference for the form'],
  ['a whitespace character is expected after the key', 'no space behind a ":"', 'write "key: value"'],
  ["expected ':' after a mapping key", 'a key without ":"', 'write "key: value"'],
  ['can not read a block mapping entry', 'a line without ":" where a key stands', 'write "key: value"'],
  ['missed comma', 'no comma between parts in brackets', 'put a comma between them'],
  ["expected the node content, but found ','", 'a comma too many', 'remove it'],
  ['unexpected end of the stream within a flow', 'a bracket that is never closed', 'close it'],
  ['unexpected end of the stream within a', 'a quote that is never closed', 'close it'],
  ['unexpected end of the document within a', 'a quote that is never closed', 'close it'],
  ['unknown escape sequence', 'an unknown "\\" escape in double quotes', 'use single quotes, or "\\\\"'],
  ['expected hexadecimal', 'an unknown "\\" escape in double quotes', 'use single quotes, or "\\\\"'],
  ['the stream contains non-printable', 'a control character', 'write it as an escape in double quotes'],
  ['expected valid JSON character', 'a control character', 'write it as an escape in double quotes'],
  ['null byte', 'a NUL character', 'remove it'],
  ['directives end mark', 'a line that begins with "%"', 'quote the text'],
  ['end of the stream or a document separator', 'text behind the end', 'indent it, or quote what is text'],
  ['duplication of', 'two anchors or tags in one place', 'use neither'],
];

const OTHER = 'mend the YAML; text that holds ": ", " #" or begins with a special character needs quotes';

/** @param error what the parser threw at `text`; undefined for anything that is not its own kind */
export function syntaxFault(text: string, error: YAMLException | undefined): SyntaxFault {
  const mark = error?.mark;
  if (mark === undefined) return { wrong: 'the YAML cannot be read', expected: OTHER };
  const reason = error?.reason ?? '';
  const line = text.slice(mark.position - mark.column, mark.position);
  // Behind a tab the parser sees no indentation, and complains of what follows from that.
  const [, what = 'no valid YAML', expected = OTHER] = /^ *\t/.test(line)
    ? ['', TAB, SPACES]
    : (FAULTS.find(([beginning]) => reason.startsWith(beginning)) ?? []);
  const where = `at line ${mark.line + 1}, column ${mark.column + 1}`;
  return { wrong: `the YAML cannot be read: ${what} ${where}`, expected };
}
