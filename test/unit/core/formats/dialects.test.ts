/** What the dialects write and refuse. That readers agree is for the tier `readers`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS, nativeFault, writeDocument, writeVariables } from '../../../../src/core/formats/index.ts';
import { failed, ok } from '../../../../src/core/problems/result.ts';
import { readDocument } from '../../../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { lowCharacter } from '../../../property/any-character.ts';

/** As secrets are parsed: numbers keep their digits. */
const parse = (json: string): unknown => readDocument(new SecretValue(json))?.root;

const refusalOf = (...args: Parameters<typeof writeVariables>) => {
  const written = writeVariables(...args);
  return written.ok ? [] : written.problem;
};
const documentOf = (...[dialect, json]: [(typeof DIALECTS)[number], string]) =>
  writeDocument(dialect, parse(json));

describe('variables', () => {
  it.each(DIALECTS)('%s writes no variables as an empty file', (dialect) => {
    const tree = dialect === 'json' || dialect === 'yaml';
    expect(writeVariables(dialect, [])).toEqual(ok(tree ? '{}\n' : ''));
  });

  it('names every variable that cannot be written', () => {
    const variables = [
      { name: 'A', value: 'a\nb' },
      { name: 'B', value: 'fine' },
      { name: 'C', value: 'c\r' },
      { name: 'D-E', value: 'd' },
    ];
    expect(refusalOf('docker', variables)).toEqual([
      { name: 'A', fault: 'contains a newline' },
      { name: 'C', fault: 'ends with a carriage return' },
      { name: 'D-E', fault: 'has a name that is not a valid variable name' },
    ]);
  });

  it('refuses names by dialect', () => {
    const refusing = (name: string) =>
      DIALECTS.filter((dialect) => refusalOf(dialect, [{ name, value: 'x' }]).length > 0);
    expect(refusing('UID')).toEqual(['shell']);
    expect(refusing('__proto__')).toEqual(['dotenv']);
    expect(refusing('a.b')).toEqual(['shell', 'dotenv', 'dotenv-ruby', 'docker', 'systemd']);
    expect(refusing('')).toEqual(['shell', 'dotenv', 'dotenv-ruby', 'docker', 'systemd']);
  });

  it('never says anything of the value', () => {
    const faults = new Set<string>();
    const check = (value: string) => {
      for (const dialect of DIALECTS)
        for (const { fault } of refusalOf(dialect, [{ name: 'A', value }])) faults.add(fault);
      const native = nativeFault('A', value);
      if (native !== undefined) faults.add(native);
    };
    fc.assert(fc.property(fc.string({ unit: lowCharacter }), check), { numRuns: 2000 });
    // Fixed texts, fewer than there were values.
    expect(faults.size).toBeLessThan(16);
  });

  it('never throws, whatever name and value are', () => {
    const any = fc.string({ unit: lowCharacter }).map((text) => `${text}\udc00${text}`);
    const check = (name: string, value: string) => {
      for (const dialect of DIALECTS) expect(refusalOf(dialect, [{ name, value }])).toHaveLength(1);
    };
    fc.assert(fc.property(any, any, check));
  });

  it('writes text that is UTF-8', () => {
    const check = (value: string) => {
      for (const dialect of DIALECTS) {
        const written = writeVariables(dialect, [{ name: 'A', value }]);
        if (written.ok) expect(written.value.isWellFormed()).toBe(true);
      }
    };
    fc.assert(fc.property(fc.string({ unit: lowCharacter }), check));
  });
});

describe('documents', () => {
  const NUMBERS = '{"a":1.10,"b":12345678901234567890,"c":1e5,"d":[-0,1.5E+2],"e":{}}';

  it('keep the digits of numbers', () => {
    expect(documentOf('yaml', NUMBERS)).toEqual(
      ok('"a": 1.10\n"b": 12345678901234567890\n"c": !!float 1e5\n"d":\n  - -0\n  - 1.5E+2\n"e": {}\n'),
    );
    expect(documentOf('docker', NUMBERS)).toEqual(
      ok('a=1.10\nb=12345678901234567890\nc=1e5\nd=[-0,1.5E+2]\ne={}\n'),
    );
    const json = documentOf('json', NUMBERS);
    expect(json.ok ? json.value.replaceAll(/\s/g, '') : '').toBe(NUMBERS);
  });

  it('take computed numbers too', () => {
    expect(writeDocument('yaml', { a: 3, b: [1.5] })).toEqual(ok('"a": 3\n"b":\n  - 1.5\n'));
    expect(writeDocument('json', 3)).toEqual(ok('3\n'));
  });

  it.each(['[]', '"x"', '1.0', 'true', 'null', '{}'])('may be %s as json and yaml', (json) => {
    for (const dialect of ['json', 'yaml'] as const)
      expect(documentOf(dialect, json)).toEqual(ok(`${json}\n`));
  });

  it('are objects in the other dialects', () => {
    for (const dialect of DIALECTS.filter((one) => one !== 'json' && one !== 'yaml'))
      for (const json of ['[]', '"x"', '1', 'null', 'true'])
        expect(documentOf(dialect, json)).toEqual(failed([{ name: '', fault: 'is not a JSON object' }]));
  });

  it('have no null where there is no form for it', () => {
    const fault = 'is null';
    expect(documentOf('shell', '{"a":null,"b":"\\u0000","c":""}')).toEqual(
      failed([
        { name: 'a', fault },
        { name: 'b', fault: 'contains a NUL character' },
      ]),
    );
    expect(documentOf('yaml', '{"a":null}')).toEqual(ok('"a": null\n'));
  });

  it('keep __proto__ as a key', () => {
    expect(documentOf('properties', '{"__proto__":"x"}')).toEqual(ok('__proto__=x\n'));
    expect(documentOf('yaml', '{"__proto__":{"a":1}}')).toEqual(ok('"__proto__":\n  "a": 1\n'));
  });

  it('are 64 levels deep at most, and tell the member', () => {
    const nested = (depth: number) => `{"ok":1,"deep":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    for (const dialect of DIALECTS) {
      expect(documentOf(dialect, nested(64)).ok).toBe(true);
      for (const depth of [65, 1000])
        expect(documentOf(dialect, nested(depth))).toEqual(
          failed([{ name: 'deep', fault: 'is nested more than 64 levels deep' }]),
        );
    }
  });

  it('hold no half of a surrogate pair, wherever it is', () => {
    const half = '"\\ud800"';
    const fault = 'contains half of a surrogate pair';
    for (const dialect of ['json', 'yaml', 'properties'] as const) {
      for (const json of [`{"a":${half}}`, `{"a":[{"b":${half}}]}`, `{"a":{${half}:1}}`])
        expect(documentOf(dialect, json)).toEqual(failed([{ name: 'a', fault }]));
      expect(documentOf(dialect, `{${half}:1}`)).toEqual(failed([{ name: '\ud800', fault }]));
    }
  });
});
