/** Scans plain scalars, which have no quotes. */
import type { Cursor } from './cursor.ts';
import { Refusal } from './refusal.ts';
import { fold } from './scan-quoted.ts';

export interface PlainScalar {
  readonly value: string;
  readonly end: number;
  /** Whether line breaks follow the scalar, so that a key can follow. */
  readonly isLineEnded: boolean;
}

/** Reads a scalar. @param indent the least column of its other lines, outside flow collections */
export function scanPlain(cursor: Cursor, indent: number, isInFlow: boolean): PlainScalar {
  let value = '';
  let end = cursor.at;
  let space: Space = { blanks: '', first: '', others: '', isNewLine: false };
  for (;;) {
    if (cursor.isAtDocumentMarker() || cursor.peek() === '#') break;
    const start = cursor.at;
    while (!cursor.isBlankOrEnd() && !isEnd(cursor, isInFlow)) cursor.skip();
    if (cursor.at > start) {
      value += space.isNewLine ? fold(space.first, space.others) : space.blanks;
      value += cursor.text.slice(start, cursor.at);
      end = cursor.at;
      space = { blanks: '', first: '', others: '', isNewLine: false };
    }
    if (!cursor.isBlank() && !cursor.isBreak()) break;
    space = scanSpace(cursor, indent, space);
    if (!isInFlow && cursor.column < indent) break;
  }
  return { value, end, isLineEnded: space.isNewLine };
}

function isEnd(cursor: Cursor, isInFlow: boolean): boolean {
  const character = cursor.peek();
  return (character === ':' && cursor.isBlankOrEnd(1)) || (isInFlow && ',?[]{}'.includes(character));
}

interface Space {
  readonly blanks: string;
  readonly first: string;
  readonly others: string;
  readonly isNewLine: boolean;
}

function scanSpace(cursor: Cursor, indent: number, before: Space): Space {
  let { blanks, first, others, isNewLine } = before;
  while (cursor.isBlank() || cursor.isBreak()) {
    if (cursor.isBlank()) {
      if (isNewLine && cursor.column < indent && cursor.peek() === '\t')
        throw new Refusal(cursor.at, 'a tab is used as indentation');
      if (!isNewLine) blanks += cursor.peek();
      cursor.skip();
    } else if (isNewLine) others += cursor.readBreak();
    else {
      blanks = '';
      first = cursor.readBreak();
      isNewLine = true;
    }
  }
  return { blanks, first, others, isNewLine };
}
