/**
 * JMESPath against the project's own compliance suite (suite, see its README), and what the suite does not ask:
 * exact numbers, keys that are names of prototypes, bounds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { constantFault, jmesPathFault, selectByJmesPath } from '../../../../src/core/jmespath/index.ts';
import { readDocument } from '../../../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';

const SUITE = path.join(import.meta.dirname, 'suite');

interface SuiteGroup {
  readonly given: unknown;
  readonly cases: readonly {
    readonly expression: string;
    readonly result?: unknown;
    readonly error?: string;
    readonly bench?: string;
  }[];
}

function select(expression: string, json: string): unknown {
  const document = readDocument(new SecretValue(json));
  if (document === undefined) throw new Error('the test gives no JSON');
  const selected = selectByJmesPath(expression, document);
  if (!selected.ok) return { fault: selected.problem };
  return selected.value === undefined ? { absent: true } : { text: selected.value };
}

describe('the compliance suite', () => {
  const files = readdirSync(SUITE).filter((name) => name.endsWith('.json'));
  it.each(files)('%s', (file) => {
    const groups = JSON.parse(readFileSync(path.join(SUITE, file), 'utf8')) as readonly SuiteGroup[];
    for (const { given, cases } of groups) {
      for (const { expression, result, error, bench } of cases) {
        if (bench !== undefined) continue;
        const got = select(expression, JSON.stringify(given));
        if (error !== undefined) expect(got, expression).toHaveProperty('fault');
        else if (result === null) expect(got, expression).toEqual({ absent: true });
        else if (typeof result === 'string') expect(got, expression).toEqual({ text: result });
        else expect(JSON.parse((got as { text: string }).text), expression).toEqual(result);
        if (error === 'syntax') expect(jmesPathFault(expression), expression).toBeTypeOf('string');
        if (error === undefined) expect(jmesPathFault(expression), expression).toBeUndefined();
      }
    }
  });

  it('is whole', () => {
    const all = files.flatMap(
      (file) => JSON.parse(readFileSync(path.join(SUITE, file), 'utf8')) as readonly SuiteGroup[],
    );
    expect(all.flatMap((group) => group.cases.filter((one) => one.bench === undefined))).toHaveLength(862);
  });
});

describe('what is wrong with an expression', () => {
  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['a'.repeat(1025), 'is longer than 1024 characters'],
    [
      'db-host',
      'has a hyphen outside quotes; write a key that contains a hyphen in double quotes, as in "db-host"',
    ],
    ["a == 'b", "has a quote (') that is not closed"],
    ["'\\'", "has a quote (') that is not closed"],
    ['"a', 'has a quote (") that is not closed'],
    ['`foo`', 'has backticks around text that is not JSON; write text in single quotes'],
    ['[a b]', 'lacks a comma or a dot before character 4'],
    ['{a: b c: d}', 'lacks a comma or a dot before character 7'],
    ['not_null(a, b,)', 'ends a list with a comma at character 14'],
    ['a[1-2]', 'has a number that is not an index at character 3'],
    ['a[', 'has an opening bracket that is not closed'],
    ['a.b]', 'has a closing bracket without an opening one'],
    ['$.a', 'has "$" at character 1, which is not part of JMESPath'],
    ['a + b', 'has "+" at character 3, which is not part of JMESPath'],
    ["a[?b='c']", 'has "=" at character 5, which is not part of JMESPath'],
    ['let $x = a in b', 'has "$" at character 5, which is not part of JMESPath'],
    ['a#', 'is not valid JMESPath (see https://jmespath.org/specification.html)'],
    ['a.', 'is not valid JMESPath (see https://jmespath.org/specification.html)'],
    ['upper(a)', 'calls "upper", which is not a JMESPath function'],
    ['toString(a)', 'calls "toString", which is not a JMESPath function'],
    ['length()', 'calls length with 0 arguments'],
    ['length(a, b)', 'calls length with 2 arguments'],
    ['sort_by(a, b)', 'calls sort_by without an expression (&) as argument 2'],
    ['length(&a)', 'calls length with an expression (&) instead of a value'],
    ['a | &b', 'has & outside the arguments of sort_by, max_by, min_by and map'],
    ['a[::0]', 'has a slice with step 0'],
    ['[ ]', 'selects an empty list'],
  ])('%s', (expression, fault) => {
    expect(jmesPathFault(expression)).toBe(fault);
    expect(select(expression, '{}')).toEqual({ fault });
  });

  it.each([
    "'api-key'",
    '`"x"`',
    "join(',', ['a', 'b'])",
    "{ key: 'api-key' }",
    "not_null(`null`, 'x')",
    "a | 'api-key'",
    "'api-key' | @",
    "{ key: 'api-key' }.key",
    "'api-key' || a",
    "not_null('api-key', a)",
    '`{"a": 1}`.a',
    '`[1, 2]`[0]',
    '`[1, 2]`[*]',
    '`[[1]]`[]',
    '`[1]`[?@]',
    "!'x'",
    "'a' == 'b'",
  ])('is a constant, whatever the secret is: %s', (expression) => {
    expect(jmesPathFault(expression)).toBeUndefined();
    expect(constantFault(expression)).toBe('is a constant, which selects nothing from the secret');
  });

  it.each([
    'a',
    '"api-key"',
    '@',
    '*',
    '[0]',
    '[*]',
    '[]',
    '[:1]',
    '[::]',
    '[?a]',
    "a || 'x'",
    '{ a: b }',
    'length(@)',
    "a && 'x'",
    'a | b',
    "a.{ b: 'x' }",
    "[a, 'x']",
    "{ a: b, c: 'x' }",
    "not_null(a, 'x')",
    '`null` || a',
    "a == 'x'",
    "a[?b == 'x']",
    "map(&'x', a)",
    '!a',
  ])('selects from the secret: %s', (expression) => expect(constantFault(expression)).toBeUndefined());

  it.each(['(', '!', '[', '{a:', 'a[?', 'not_null(', 'a.', 'a||', 'a|', 'map(&', '*.', '[]', 'a&&'])(
    'never runs out of stack: %s',
    (part) => {
      expect(() => jmesPathFault(part.repeat(Math.floor(1024 / part.length)))).not.toThrow();
    },
  );

  it('takes the deepest expression there can be', () => {
    const deepest = `${'('.repeat(511)}a${')'.repeat(511)}`;
    expect(jmesPathFault(deepest)).toBeUndefined();
    expect(select(deepest, '{"a":"x"}')).toEqual({ text: 'x' });
  });
});

describe('exact numbers', () => {
  it.each([
    ['a', '12345678901234567890'],
    ['b', '1.0'],
    ['c', '1e5'],
    ['d', '-0'],
    ['e', '1'],
    ['max(list)', '1e5'],
    ['sort(list)', '[-0,1.0,9,10,1e5]'],
    ['list[?@ > `9`]', '[10,1e5]'],
    ["list[?to_string(@) == '1.0'] | [0]", '1.0'],
    ['{x: b, y: [c]}', '{"x":1.0,"y":[1e5]}'],
    ['to_string(@.{x: b})', '{"x":1.0}'],
    ["to_number('1.50')", '1.50'],
    ['abs(b)', '1.0'],
    ['floor(`1.5`)', '1'],
    ['sum(list)', '100020'],
    ['max_by(objects, &n).n', '2.00'],
    ['b == e', 'true'],
  ])('%s', (expression, text) => {
    const json =
      '{"a":12345678901234567890,"b":1.0,"c":1e5,"d":-0,"e":1,"list":[10,9,1.0,-0,1e5],"objects":[{"n":1},{"n":2.00}]}';
    expect(select(expression, json)).toEqual({ text });
  });
});

describe('keys that are names of prototypes', () => {
  const HOSTILE = '{"__proto__":{"a":"x"},"hasOwnProperty":1,"expref":true,"rawJSON":"9"}';

  it.each(['constructor', 'toString', 'length', '__proto__', 'valueOf', '"__proto__".toString'])(
    'are absent where the secret has none: %s',
    (expression) => expect(select(expression, '{"a":1}')).toEqual({ absent: true }),
  );

  it.each([
    ['__proto__', '{"a":"x"}'],
    ['__proto__.a', 'x'],
    ['rawJSON', '9'],
    ['keys(@)', '["__proto__","hasOwnProperty","expref","rawJSON"]'],
    ['merge(@, {b: `1`})."__proto__".a', 'x'],
    ['{"__proto__": expref}', '{"__proto__":true}'],
    ['{"__proto__": expref}.toString || `"none"`', 'none'],
    ['type(@)', 'object'],
  ])('are plain data where it has: %s', (expression, text) => {
    expect(select(expression, HOSTILE)).toEqual({ text });
  });
});

describe('what the packages get wrong', () => {
  it.each([
    ['sort(@)', '[10,9,1]', '[1,9,10]'],
    ['max_by(@, &n).n', '[{"n":"a"},{"n":"b"}]', 'b'],
    ['contains(@, `{"a":1}`)', '[{"a":1.0}]', 'true'],
    ['[sort(a), a]', '{"a":[2,1]}', '[[1,2],[2,1]]'],
    ["sort(['\u{1f600}', '\uff5e'])", '{}', '["\uff5e","\u{1f600}"]'],
    ["'it\\'s'", '{}', "it's"],
  ])('%s', (expression, json, text) => expect(select(expression, json)).toEqual({ text }));
});

describe('bounds', () => {
  const chain = (link: string, length = 1000): string =>
    Array(Math.floor(length / (link.length + 1)))
      .fill(link)
      .join('|');
  const largest = JSON.stringify({ a: Array(13_000).fill('x'), b: 'y'.repeat(10_000) });

  it('a result that doubles by reference is not written out', () => {
    expect(select(chain('[@,@]'), '{"a":1}')).toEqual({ fault: 'selects more than 65536 bytes' });
  });

  it.each([
    ['arrays that double', chain('[@,@][]')],
    ['large arrays, many times', `[${Array(20).fill('a')}][] | [${Array(450).fill('@')}][]`],
    ['escapes of escapes', chain('to_string([@])')],
    ['objects in objects', `${chain('merge({a:@},{b:@})', 900)} | to_string(@)`],
    ['equal things, made twice', `(${chain('[@,@]', 400)}) == (${chain('[@,@]', 400)})`],
    ['long glue', 'join(b, a)'],
    ['long texts, looked through often', `[a,a,a,a,a,a,a,a,a,a][] | [?contains(to_string([@, @]), 'z')]`],
    ['the same array, sorted often', '[a,a,a,a,a,a,a,a,a,a][?sort(@)] | [@,@,@,@,@,@,@,@][].sort(@)'],
  ])('ends the evaluation: %s', (_what, expression) => {
    expect(jmesPathFault(expression)).toBeUndefined();
    const got = select(expression, largest);
    expect((got as { fault: string }).fault).toMatch(
      /^(?:needs too many steps on this secret|results in a text of more than 1 MiB|selects more than 65536 bytes)$/,
    );
  });

  it('leaves room for every honest expression on the largest secret', () => {
    const records = JSON.stringify(
      Array.from({ length: 1_900 }, (_, id) => ({ id, name: `user-${id}`, on: true })),
    );
    expect(records.length).toBeGreaterThan(64_000);
    expect(
      select("sort_by([?on && contains(name, 'user')], &name)[?id == `1899`].name | [0]", records),
    ).toEqual({
      text: 'user-1899',
    });
  });

  it('counts bytes, not characters', () => {
    expect(select('a', JSON.stringify({ a: 'é'.repeat(32_768) }))).toEqual({ text: 'é'.repeat(32_768) });
    expect(select('a', JSON.stringify({ a: 'é'.repeat(32_769) }))).toEqual({
      fault: 'selects more than 65536 bytes',
    });
  });

  it('ends on JSON that nests as deep as it can', () => {
    for (const depth of [1_000, 5_000, 30_000]) {
      const document = readDocument(new SecretValue('['.repeat(depth) + ']'.repeat(depth)));
      for (const expression of ['@', 'to_string(@)', '@ == `1`', '[[@],[@]] | [0] == [1]'])
        if (document !== undefined) expect(() => selectByJmesPath(expression, document)).not.toThrow();
    }
  });
});

it.each(['sum(a)', 'avg(a)', 'to_number(`1e400`)', '`1e400`'])(
  'has no number beyond doubles: %s',
  (expression) =>
    expect(select(expression, '{"a":[1e308,1e308]}')).toEqual({
      fault: 'results in a number that is too large',
    }),
);

it('tells of types and never of values', () => {
  const canary = 'canary-value';
  for (const expression of ['length(n)', 'sort_by(list, &@)', 'join(text, n)', 'abs(text)', 'keys(text)']) {
    const got = select(expression, JSON.stringify({ text: canary, n: 7_654_321, list: [canary, 1] }));
    expect(got).toHaveProperty('fault');
    expect(JSON.stringify(got)).not.toMatch(/canary|7654321/);
  }
});
