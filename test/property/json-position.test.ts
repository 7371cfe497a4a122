import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonFaultPosition } from '../../src/core/secret/json-position.ts';

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 2000) };

/** The offset that V8 names, where its message has one. */
function faultOfParser(text: string): { readonly at: number | undefined } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const { message } = error as SyntaxError;
    if (message === 'Unexpected end of JSON input') return { at: text.length };
    const [, at] = / at position (\d+)/.exec(message) ?? [];
    return { at: at === undefined ? undefined : Number(at) };
  }
}

function offsetOf(text: string): number | undefined {
  const position = jsonFaultPosition(text);
  if (position === undefined) return undefined;
  const lines = text.split('\n').slice(0, position.line - 1);
  return lines.reduce((sum, line) => sum + line.length + 1, 0) + position.column - 1;
}

const json = fc
  .jsonValue({ maxDepth: 4 })
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)));
const fragment = fc.constantFrom(
  ',',
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  '\\',
  '\n',
  '\u0001',
  '0',
  '-',
  '.',
  'e',
  't',
  "'",
  '\\u12',
  '',
);

/** JSON with something inserted, replaced or cut off. */
const broken = fc.tuple(json, fc.nat(), fragment, fc.nat(2)).map(([text, place, inserted, removed]) => {
  const at = place % (text.length + 1);
  return text.slice(0, at) + inserted + text.slice(at + removed);
});

it('finds a fault where the parser of the platform finds one, and nowhere else', () => {
  fc.assert(
    fc.property(fc.oneof(broken, json, fc.string()), (text) => {
      const expected = faultOfParser(text);
      const found = offsetOf(text);
      expect(found === undefined).toBe(expected === undefined);
      if (expected?.at !== undefined) expect(Math.abs((found ?? 0) - expected.at)).toBeLessThanOrEqual(4);
    }),
    runs,
  );
});

it.each([
  ['{"a": 1,}', 1, 9],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
  ['{"a": \'x\'}', 1, 7],
  ['{"a": "x', 1, 9],
  ['{"a": "\\q"}', 1, 9],
  ['[1, 2', 1, 6],
  ['{"a": tru}', 1, 7],
  ['{} x', 1, 4],
  ['', 1, 1],
])('%j has its fault in line %i, column %i', (text, line, column) => {
  expect(jsonFaultPosition(text)).toEqual({ line, column });
});

it('needs no stack for depth', () => {
  expect(jsonFaultPosition('['.repeat(60_000))).toEqual({ line: 1, column: 60_001 });
});
