/** Patterns of keys against a regular expression that says the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matcher } from '../../src/core/names/key-patterns.ts';
import { anyCharacter } from './any-character.ts';

const piece = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'ab', '.', '\n', '\\'), weight: 4 },
  anyCharacter,
);
const key = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('').replaceAll('*', ''));
const pattern = fc
  .array(fc.oneof(fc.constant('*'), piece), { maxLength: 6 })
  .map((pieces) => pieces.join(''));

function reference(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`);
}

it('matches as the regular expression does', () => {
  let matches = 0;
  fc.assert(
    fc.property(pattern, key, (text, one) => {
      const isMatch = matcher([text])(one);
      expect(isMatch).toBe(reference(text).test(one));
      if (isMatch) matches += 1;
    }),
    { numRuns: 3000 },
  );
  expect(matches).toBeGreaterThan(100);
});

it('matches when one of several does, and a key itself', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), key, (texts, one) => {
      expect(matcher(texts)(one)).toBe(texts.some((text) => matcher([text])(one)));
      expect(matcher([...texts, one])(one)).toBe(true);
    }),
  );
});

it('ends soon on patterns that a regular expression would not end on', () => {
  expect(matcher([`${'*a'.repeat(500)}b`])('a'.repeat(60_000))).toBe(false);
});
