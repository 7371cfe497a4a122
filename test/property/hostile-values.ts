/** Values that readers of env files stumble over. */
import fc from 'fast-check';
import { anyCharacter } from './any-character.ts';

const special = fc.constantFrom(
  ...`'"\\\`$!*?~#%&;|<>(){}[]=^-/:,@ \t\n\r`,
  ...['\r\n', "'\\''", "\\'", "''", '\\\n', '\\0', '\\c', '%s', '{a,b}', '[a-z]', '[[:alpha:]]', 'A=b', '#'],
  ...[
    '$(id)',
    '`id`',
    '$HOME',
    '$' + '{HOME}',
    '$((1+1))',
    "$'\\n'",
    '$$',
    '!!',
    '!$',
    '<<EOF\n',
    '~root',
    '&&',
  ],
  ...['é', 'e\u0301', '👩‍👩‍👧', '🇪🇺', 'ﷺ', '\u2028', '\u0085', '\ufeff', '\u200b', '\u202e', '\u{10ffff}'],
);
// The bytes 0x81 to 0x88 are marks inside dash and busybox; here they are the second half of a character.
const marked = fc.integer({ min: 0x401, max: 0x408 }).map((code) => String.fromCodePoint(code));
const control = fc.constantFrom(...Array.from({ length: 31 }, (_, index) => index + 1), 0x7f);
const piece = fc.oneof(
  { arbitrary: special, weight: 6 },
  marked,
  control.map((code) => String.fromCodePoint(code)),
  anyCharacter.map((text) => text.replaceAll('\0', '0')),
);
const short = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
/**
 * Short values: what some reader of env files takes for something else, at the ends above all. Never a NUL.
 */
export const anyValue = fc
  .tuple(fc.constantFrom('', ' ', '\r', '\n', '\n\n', '\t', '\r\n', "'", '\\'), short)
  .map(([frame, text]) => `${frame}${text}${frame}`);
/** Values as large as a secret can be. */
export const longValue = piece.map((text) => text.repeat(Math.floor(65_536 / Buffer.byteLength(text))));
