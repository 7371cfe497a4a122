/** The YAML parser's errors in the project's own words: its messages quote the text at length. */
import type { YAMLException } from 'js-yaml';

export interface SyntaxFault {
  readonly wrong: string;
  readonly expected: string;
}

const TAB = 'the indentation contains a tab';
const SPACES = 'indent with spaces';

/** Prefixes of the parser's reasons. A reason that is not listed becomes "the text is not valid YAML". */
const FAULTS: readonly (readonly [reason: string, what: string, expected?: string])[] = [
  ['tab characters', TAB, SPACES],
  [
    'bad indentation',
    'the indentation or the syntax is wrong',
    'align keys of the same map; quote text that contains ": " or starts with a special character',
  ],
  [
    'deficient indentation',
    'the indentation is too small',
    'align keys of the same map; close quotes and brackets',
  ],
  ['nesting exceeded', 'the nesting is too deep', 'see the reference of the fields'],
  ['a whitespace character is expected after the key', 'a space is missing after ":"', 'use "key: value"'],
  ["expected ':' after a mapping key", 'a key has no ":"', 'use "key: value"'],
  ['can not read a block mapping entry', 'a line of a map has no ":"', 'use "key: value"'],
  ['missed comma', 'a comma is missing between elements in brackets', 'add the comma'],
  ["expected the node content, but found ','", 'there is one comma too many', 'remove it'],
  ['unexpected end of the stream within a flow', 'a bracket is not closed', 'close it'],
  ['unexpected end of the stream within a', 'a quote is not closed', 'close it'],
  ['unexpected end of the document within a', 'a quote is not closed', 'close it'],
  ['unknown escape sequence', 'a "\\" escape in double quotes is unknown', 'use single quotes, or "\\\\"'],
  ['expected hexadecimal', 'a "\\" escape in double quotes is unknown', 'use single quotes, or "\\\\"'],
  [
    'the stream contains non-printable',
    'the text contains a control character',
    'write it as an escape in double quotes',
  ],
  [
    'expected valid JSON character',
    'the text contains a control character',
    'write it as an escape in double quotes',
  ],
  ['null byte', 'the text contains a NUL character', 'remove it'],
  ['directives end mark', 'a line starts with "%"', 'quote the text'],
  ['end of the stream or a document separator', 'there is text after the end', 'indent or quote the text'],
  ['duplication of', 'a value has two anchors or tags', 'remove them'],
];

const OTHER = 'fix the YAML; quote text that contains ": " or " #", or starts with a special character';

/** @param error the parser's error for `text`; undefined for any other error */
export function syntaxFault(text: string, error: YAMLException | undefined): SyntaxFault {
  const mark = error?.mark;
  if (mark === undefined) return { wrong: 'the text is not valid YAML', expected: OTHER };
  const reason = error?.reason ?? '';
  const line = text.slice(mark.position - mark.column, mark.position);
  // After a tab, the parser sees no indentation and reports what follows from that.
  const [, what = 'the syntax is wrong', expected = OTHER] = /^ *\t/.test(line)
    ? ['', TAB, SPACES]
    : (FAULTS.find(([beginning]) => reason.startsWith(beginning)) ?? []);
  const where = `line ${mark.line + 1}, column ${mark.column + 1}`;
  return { wrong: `the text is not valid YAML: ${what} (${where})`, expected };
}
