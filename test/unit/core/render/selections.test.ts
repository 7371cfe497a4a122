/** One value out of a secret: by key or expression, decoded, in its place a default; as a variable and as a file. */
import { describe, expect, it } from 'vitest';
import type { Selection } from '../../../../src/core/plan/plan.ts';
import { renderViews } from '../../../../src/core/render/render.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { arnOf, planOf } from '../../../fetcher/plans.ts';
import { type Content, complaintsOf, filesOf } from './rendering.ts';

const ENV = 'secrets-injector.dev/env.A';
const FILE = 'secrets-injector.dev/file.f';
const ARN = arnOf('one');

const asFile = (selection: Partial<Selection>) => ({ files: [{ path: 'f', secret: 0, ...selection }] });
const asVariable = (selection: Partial<Selection>) => ({ env: [{ name: 'A', secret: 0, ...selection }] });

describe('what is found', () => {
  it.each<[string, Partial<Selection>, Content, string]>([
    ['a key', { key: 'k' }, '{"k":"v"}', 'v'],
    ['an empty key', { key: '' }, '{"":"v"}', 'v'],
    ['a key that objects inherit', { key: 'constructor' }, '{"constructor":"v"}', 'v'],
    ['a key that sets prototypes', { key: '__proto__' }, '{"__proto__":"v"}', 'v'],
    ['the last of two keys', { key: 'k' }, '{"k":"first","k":"v"}', 'v'],
    ['the last of two numbers, with its digits', { key: 'k' }, '{"k":1.0,"o":{"k":2.0},"k":3.00}', '3.00'],
    ['the last of two of another kind', { key: 'k' }, '{"k":[1.0,{"k":2.0}],"k":{"x":3.0e1}}', '{"x":3.0e1}'],
    ['a key behind a byte order mark', { key: 'k' }, '\ufeff{"k":"v"}', 'v'],
    ['a key among white space', { key: 'k' }, '\n\t {"k" :\r\n "v"} ', 'v'],
    ['the whole', {}, '{"k": 1}', '{"k": 1}'],
    ['the whole with its byte order mark', {}, '\ufeff{}', '\ufeff{}'],
    ['an expression', { jmesPath: 'a[0].b' }, '{"a":[{"b":1.50}]}', '1.50'],
    ['an object by expression', { jmesPath: 'a' }, '{"a": {"b": [1.0]}}', '{"b":[1.0]}'],
    ['false by expression', { jmesPath: 'a' }, '{"a":false}', 'false'],
    ['an empty text by expression', { jmesPath: 'a' }, '{"a":""}', ''],
    ['an expression on JSON that is no object', { jmesPath: '[1]' }, '[1,"v"]', 'v'],
    ['base64', { key: 'k', decode: 'base64' }, '{"k":"dg=="}', 'v'],
    ['base64 of the whole', { decode: 'base64' }, 'dg==\n', 'v'],
    ['base64 by expression', { jmesPath: 'k', decode: 'base64' }, '{"k":"dg=="}', 'v'],
    ['base64 of nothing', { key: 'k', decode: 'base64' }, '{"k":""}', ''],
  ])('%s', (_name, selection, content, text) => {
    expect(filesOf(asFile(selection), content)).toEqual({ f: text });
    expect(filesOf(asVariable(selection), content)).toEqual({ env: `A='${text}'\n` });
  });

  it('bytes behind base64 make a file, and no variable', () => {
    const selection = { key: 'k', decode: 'base64' } as const;
    expect(filesOf(asFile(selection), '{"k":"AP8="}')).toEqual({ f: '00ff' });
    expect(complaintsOf(asVariable(selection), '{"k":"AP8="}')).toEqual([
      `VALUE_NOT_TEXT ${ENV}: secret ${ARN} is not UTF-8 text`,
    ]);
  });
});

describe('what is absent', () => {
  const ABSENT: readonly (readonly [string, Partial<Selection>, Content])[] = [
    ['the secret', {}, undefined],
    ['the secret of a key', { key: 'k' }, undefined],
    ['the secret of an expression', { jmesPath: 'k' }, undefined],
    ['a key', { key: 'k' }, '{"other":"canary"}'],
    ['a key that objects inherit', { key: 'toString' }, '{"other":"canary"}'],
    ['null', { key: 'k' }, '{"k":null}'],
    ['what an expression looks for', { jmesPath: 'a.b' }, '{"a":"canary"}'],
    ['null by expression', { jmesPath: 'a' }, '{"a":null}'],
    ['base64', { key: 'k', decode: 'base64' }, '{"other":"canary"}'],
  ];

  it.each(ABSENT)('%s: left out when optional, and a default in its place', (_name, selection, content) => {
    const optional = { ...selection, optional: true } as const;
    const standIn = { ...selection, default: "it's" };
    expect(filesOf(asVariable(optional), content)).toEqual({ env: '' });
    expect(filesOf(asFile(optional), content)).toEqual({});
    expect(filesOf(asVariable(standIn), content)).toEqual({ env: `A='it'\\''s'\n` });
    expect(filesOf(asFile(standIn), content)).toEqual({ f: "it's" });
  });

  it.each(ABSENT.filter(([, , content]) => content !== undefined))(
    '%s: told when it is neither',
    (_name, selection, content) => {
      const said = [
        ...complaintsOf(asVariable(selection), content),
        ...complaintsOf(asFile(selection), content),
      ];
      expect(said).toHaveLength(2);
      expect(said[0]).toContain(`VALUE_KEY_MISSING ${ENV}: `);
      expect(said[1]).toContain(`VALUE_KEY_MISSING ${FILE}: `);
      for (const one of said) expect(one).toContain(ARN);
    },
  );
});

describe('what cannot be used', () => {
  it.each<[string, Partial<Selection>, Content, string]>([
    [
      'text that is no JSON, by key',
      { key: 'k' },
      'canary',
      `VALUE_NOT_JSON ${FILE}: secret ${ARN} is not a JSON object`,
    ],
    [
      'an array, by key',
      { key: 'k' },
      '["canary"]',
      `VALUE_NOT_JSON ${FILE}: secret ${ARN} is not a JSON object`,
    ],
    [
      'no JSON, by expression',
      { jmesPath: 'k' },
      'canary',
      `VALUE_NOT_JSON ${FILE}: secret ${ARN} is not JSON`,
    ],
    [
      'two byte order marks',
      { key: 'k' },
      '\ufeff\ufeff{"k":"canary"}',
      `VALUE_NOT_JSON ${FILE}: secret ${ARN} is not a JSON object`,
    ],
    [
      'an expression of the wrong type',
      { jmesPath: 'abs(k)' },
      '{"k":"canary"}',
      `VALUE_NOT_SELECTABLE ${FILE}: the expression "abs(k)", applied to secret ${ARN}, calls abs with a value of the wrong type as argument 1`,
    ],
    [
      'an expression that multiplies',
      { jmesPath: 'k[].[@,@,@,@,@,@,@,@][].[@,@,@,@,@,@,@,@][]' },
      JSON.stringify({ k: Array.from({ length: 900 }, () => 'canary') }),
      `VALUE_NOT_SELECTABLE ${FILE}: the expression "k[].[@,@,@,@,@,@,@,@][].[@,@,@,@,@,@,@,@][]", applied to secret ${ARN}, selects more than 65536 bytes`,
    ],
    [
      'what is no base64',
      { key: 'k', decode: 'base64' },
      '{"k":"canary!"}',
      `VALUE_NOT_DECODABLE ${FILE}: key "k" of secret ${ARN} is not valid base64`,
    ],
    [
      'base64 without padding',
      { decode: 'base64' },
      'dg',
      `VALUE_NOT_DECODABLE ${FILE}: secret ${ARN} is not valid base64`,
    ],
    [
      'a number that is no base64',
      { key: 'k', decode: 'base64' },
      '{"k":1.5}',
      `VALUE_NOT_DECODABLE ${FILE}: key "k" of secret ${ARN} is not valid base64`,
    ],
    [
      'half of a pair, by key',
      { key: 'k' },
      '{"k":"canary\\ud800"}',
      `VALUE_NOT_REPRESENTABLE ${FILE}: a value of secret ${ARN} contains half of a surrogate pair, which UTF-8 cannot represent`,
    ],
    [
      'half of a pair, by expression',
      { jmesPath: 'k' },
      '{"k":"canary\\udc00"}',
      `VALUE_NOT_REPRESENTABLE ${FILE}: a value of secret ${ARN} contains half of a surrogate pair, which UTF-8 cannot represent`,
    ],
  ])('%s', (_name, selection, content, complaint) => {
    expect(complaintsOf(asFile(selection), content)).toEqual([complaint]);
    const [asked] = complaintsOf(asVariable(selection), content);
    expect(asked).toBe(complaint.replace(FILE, ENV));
    // A value that is there and wrong is no absent one.
    expect(complaintsOf(asFile({ ...selection, optional: true, default: 'x' }), content)).toEqual([
      complaint,
    ]);
  });
});

it('takes a missing engine for a mistake of the program, not of the user', () => {
  const values = [new SecretValue('{}')];
  const plan = (view: object) => planOf([ARN], view);
  expect(() => renderViews(plan(asVariable({ jmesPath: 'a' })), values)).toThrow('the JMESPath engine');
  const template = { files: [{ path: 'f', secret: 0, template: 'a' }] };
  expect(() => renderViews(plan(template), values)).toThrow('the template engine');
});
