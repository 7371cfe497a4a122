/** Scans block scalars: `|` and `>`. */
import type { Cursor } from './cursor.ts';
import { Refusal } from './refusal.ts';

type Chomping = 'strip' | 'clip' | 'keep';

export interface BlockScalar {
  readonly value: string;
  /** The start of the line after its last line. With `keep`, blank lines at the end are part of the scalar. */
  readonly end: number;
}

/** Reads a scalar from its indicator on. @param parentIndent of the collection that contains it, or -1 */
export function scanBlock(cursor: Cursor, parentIndent: number): BlockScalar {
  const isLiteral = cursor.peek() === '|';
  const start = cursor.at;
  cursor.skip();
  const { chomping, increment } = scanHeader(cursor, start);
  let indent = increment === 0 ? 0 : Math.max(parentIndent, 0) + increment;
  let end = cursor.at;
  let breaks = scanBreaks(cursor, indent);
  indent = indent === 0 ? Math.max(breaks.deepest, parentIndent + 1, 1) : indent;
  let value = '';
  let leadingBreak = '';
  let wasIndented = false;
  while (cursor.column === indent && !cursor.isAtEnd) {
    const isIndented = cursor.isBlank();
    if (!isLiteral && !wasIndented && !isIndented && leadingBreak === '\n') {
      if (breaks.text === '') value += ' ';
    } else value += leadingBreak;
    value += breaks.text;
    wasIndented = isIndented;
    const lineStart = cursor.at;
    while (!cursor.isBreakOrEnd()) cursor.skip();
    value += cursor.text.slice(lineStart, cursor.at);
    leadingBreak = cursor.readBreak();
    end = cursor.at;
    breaks = scanBreaks(cursor, indent);
  }
  if (chomping !== 'strip') value += leadingBreak;
  if (chomping !== 'keep') return { value, end };
  return { value: value + breaks.text, end: Math.max(end, breaks.end) };
}

function scanHeader(cursor: Cursor, start: number): { chomping: Chomping; increment: number } {
  const [header, before = '', digit = '', otherDigit = '', after = ''] = /^(?:([-+])(\d?)|(\d)([-+]?))?/.exec(
    cursor.text.slice(cursor.at, cursor.at + 2),
  ) ?? [''];
  const increment = Number(digit + otherDigit);
  if (digit === '0' || otherDigit === '0') throw new Refusal(start, 'an indentation indicator is 0');
  cursor.skip(header.length);
  cursor.skipBlanks();
  cursor.skipComment();
  if (!cursor.isBreakOrEnd()) throw new Refusal(cursor.at, 'text follows the header of a block scalar');
  cursor.readBreak();
  const sign = before + after;
  return { chomping: sign === '+' ? 'keep' : sign === '-' ? 'strip' : 'clip', increment };
}

/** Reads indentation and blank lines. @param indent 0 if the next line with text decides it */
function scanBreaks(cursor: Cursor, indent: number): { text: string; deepest: number; end: number } {
  let text = '';
  let deepest = 0;
  let end = cursor.at;
  for (;;) {
    while ((indent === 0 || cursor.column < indent) && cursor.peek() === ' ') cursor.skip();
    deepest = Math.max(deepest, cursor.column);
    if ((indent === 0 || cursor.column < indent) && cursor.peek() === '\t')
      throw new Refusal(cursor.at, 'a tab is where a block scalar needs spaces');
    if (!cursor.isBreak()) return { text, deepest, end };
    text += cursor.readBreak();
    end = cursor.at;
  }
}
