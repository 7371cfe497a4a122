import { expect, it } from 'vitest';
import { readDocument } from '../../../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';

const read = (text: string): unknown => readDocument(new SecretValue(text))?.root;

it('keys with escapes are not confused with keys that were read before', () => {
  for (const key of ['z"', 'z\n', 'z<', 'z\\']) {
    // V8 now expects the key `z\` after x.
    JSON.parse('{"x":1,"z\\\\":1}');
    const text = key === 'z<' ? '{"x":1,"z\\u003c":1}' : JSON.stringify({ x: 1, [key]: 1 });
    expect(Object.keys(read(text) as object)).toEqual(['x', key]);
  }
  const list = '[{"x":1,"z\\\\":2},{"x":1,"z\\"":{"z\\t":3}}]';
  expect(JSON.stringify(read(list))).toBe(list);
});

it.each([
  ['{"a\\"b":"c\\":","key0":1}', ['a"b', 'key0']],
  ['{"\\u005f_proto__":1,"key":2}', ['__proto__', 'key']],
  ['{"b\\n" :1, "\\u0061":2 ,"1":3}', ['1', 'b\n', 'a']],
])('reads %s', (text, keys) => {
  expect(Object.keys(read(text) as object)).toEqual(keys);
});

it('the last of two equal keys counts, in whatever way they are written', () => {
  expect(JSON.stringify(read('{"\\u0061":1,"a":2}'))).toBe('{"a":2}');
  expect(JSON.stringify(read('{"a":1,"\\u0061":2}'))).toBe('{"a":2}');
  expect(JSON.stringify(read('{"a\\"":1,"a\\u0022":2}'))).toBe('{"a\\"":2}');
});

it.each(['{"a\\x":1}', '{"a\\', '{"a\\"":1', '"a\\":', '{"a\\"":1}}', '{"a\n\\"":1}'])(
  '%j is not JSON',
  (text) => {
    expect(read(text)).toBeUndefined();
  },
);

it('hostile texts cost time linear in their size', () => {
  const size = 400_000;
  const unterminated = '"\\'.repeat(size);
  expect(read(unterminated)).toBeUndefined();
  const key = `key${'_'.repeat(size)}`;
  expect(Object.keys(read(`{"\\"":1,"${key}":2}`) as object)).toEqual(['"', key]);
});
