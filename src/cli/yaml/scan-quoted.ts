/** Scans quoted scalars. Continuation lines need no indentation. */
import { type Cursor, END } from './cursor.ts';
import { Refusal } from './refusal.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};

const CODE_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads a scalar from its first quote on. @returns its value */
export function scanQuoted(cursor: Cursor, quote: '"' | "'"): string {
  const start = cursor.at;
  cursor.skip();
  let value = '';
  for (;;) {
    if (cursor.isAtDocumentMarker())
      throw new Refusal(cursor.at, 'a document marker is inside a quoted scalar');
    if (cursor.isAtEnd) throw new Refusal(start, 'a quoted scalar has no closing quote');
    const part = scanWords(cursor, quote);
    value += part.text;
    if (cursor.peek() === quote) break;
    value += scanSpace(cursor, part.isLineEscaped);
  }
  cursor.skip();
  return value;
}

/** Reads up to the next blank, line break or closing quote. */
function scanWords(cursor: Cursor, quote: '"' | "'"): { text: string; isLineEscaped: boolean } {
  let text = '';
  while (!cursor.isBlankOrEnd()) {
    const character = cursor.peek();
    if (character === quote) {
      if (quote === '"' || cursor.peek(1) !== quote) break;
      text += quote;
      cursor.skip(2);
    } else if (quote === '"' && character === '\\') {
      if (cursor.isBreak(1)) {
        cursor.skip();
        cursor.readBreak();
        return { text, isLineEscaped: true };
      }
      text += scanEscape(cursor);
    } else {
      text += character;
      cursor.skip();
    }
  }
  return { text, isLineEscaped: false };
}

function scanEscape(cursor: Cursor): string {
  const name = cursor.peek(1);
  const simple = Object.hasOwn(ESCAPES, name) ? ESCAPES[name] : undefined;
  if (simple !== undefined) {
    cursor.skip(2);
    return simple;
  }
  const length = Object.hasOwn(CODE_LENGTHS, name) ? (CODE_LENGTHS[name] ?? 0) : 0;
  if (name === END || length === 0)
    throw new Refusal(cursor.at, 'kubectl does not know this escape sequence');
  const digits = cursor.text.slice(cursor.at + 2, cursor.at + 2 + length);
  const code = digits.length === length && /^[0-9A-Fa-f]+$/.test(digits) ? Number.parseInt(digits, 16) : -1;
  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    throw new Refusal(cursor.at, 'an escape sequence is not a Unicode character');
  cursor.skip(2 + length);
  return String.fromCodePoint(code);
}

/** Reads blanks and line breaks. One line break becomes a space, unless it is escaped; others are kept. */
function scanSpace(cursor: Cursor, isLineEscaped: boolean): string {
  let blanks = '';
  let first = '';
  let others = '';
  let isNewLine = isLineEscaped;
  while (cursor.isBlank() || cursor.isBreak()) {
    if (cursor.isBlank()) {
      if (!isNewLine) blanks += cursor.peek();
      cursor.skip();
    } else if (isNewLine) others += cursor.readBreak();
    else {
      first = cursor.readBreak();
      isNewLine = true;
    }
  }
  return isNewLine ? fold(first, others) : blanks;
}

/** The text for line breaks between two words. */
export function fold(first: string, others: string): string {
  if (first !== '\n') return first + others;
  return others === '' ? ' ' : others;
}
