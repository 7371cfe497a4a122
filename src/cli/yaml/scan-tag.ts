/** Scans tags. */
import { type Cursor, isWordCharacter } from './cursor.ts';
import { Refusal } from './refusal.ts';

const URI = /[0-9A-Za-z_\-;/?:@&=+$,.!~*'()[\]%]*/y;
const YAML_TAGS = 'tag:yaml.org,2002:';

/** Reads a tag from its `!` on. @returns its full name: `!!str` is `tag:yaml.org,2002:str` */
export function scanTag(cursor: Cursor): string {
  const start = cursor.at;
  const tag = cursor.peek(1) === '<' ? scanVerbatim(cursor, start) : scanShort(cursor, start);
  if (!cursor.isBlankOrEnd()) throw new Refusal(cursor.at, 'a blank is missing after a tag');
  return tag;
}

function scanVerbatim(cursor: Cursor, start: number): string {
  cursor.skip(2);
  const tag = scanUri(cursor);
  if (tag === '' || cursor.peek() !== '>') throw new Refusal(start, 'a tag has no closing ">"');
  cursor.skip();
  return tag;
}

function scanShort(cursor: Cursor, start: number): string {
  cursor.skip();
  const from = cursor.at;
  while (isWordCharacter(cursor.peek())) cursor.skip();
  const word = cursor.text.slice(from, cursor.at);
  if (cursor.peek() !== '!') return `!${word}${scanUri(cursor)}`;
  cursor.skip();
  // Only directives define handles, and kubectl refuses directives.
  if (word !== '') throw new Refusal(start, 'a tag has an unknown handle');
  const suffix = scanUri(cursor);
  if (suffix === '') throw new Refusal(start, 'a tag has no name');
  return YAML_TAGS + suffix;
}

function scanUri(cursor: Cursor): string {
  URI.lastIndex = cursor.at;
  const [text] = URI.exec(cursor.text) ?? [''];
  try {
    const tag = decodeURIComponent(text);
    cursor.skip(text.length);
    return tag;
  } catch {
    throw new Refusal(cursor.at, 'a tag has an invalid escape sequence');
  }
}
