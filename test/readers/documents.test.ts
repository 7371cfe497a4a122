/**
 * A JSON document, written as JSON, YAML or properties, is the same to every reader: text, types and nesting.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Dialect, writeDocument } from '../../src/core/formats/index.ts';
import { readDocument } from '../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { anyValue } from '../property/hostile-values.ts';
import { findReaders, READERS } from './readers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-readers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SEED = Number(process.env['READERS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

// JSON text, so that numbers have digits of their own.
const number = fc.oneof(
  fc.integer().map(String),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 })
    .map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '0',
    '-0',
    '-0.0',
    '1.0',
    '1.50',
    '1e5',
    '1E5',
    '1e+5',
    '1e-5',
    '1.5e5',
    '1.5E+5',
    '0e0',
    '-1e1',
  ),
  fc.constantFrom('12345678901234567890', '123456789012345678901234567890', '0.1', '4.9e-324'),
);
const text = fc.oneof(
  anyValue,
  fc.constantFrom(
    'true',
    'no',
    'null',
    '~',
    '',
    '12',
    '0x1F',
    '1:30',
    '2001-01-01',
    '.inf',
    '-',
    '?',
    ': ',
    '- a',
    '<<',
  ),
  fc.constantFrom(
    '!!int 1',
    '&a',
    '*a',
    '---',
    '...',
    '%YAML',
    '@',
    '`',
    ':symbol',
    '=',
    '|',
    '>',
    '{',
    '[',
    '\0',
  ),
);
const name = fc.oneof(
  text,
  fc.constantFrom('__proto__', 'constructor', '<<', 'key', '0', '-1', ' ', 'a b', 'a=b', 'a:b', '#a', '!a'),
  fc.constantFrom('k'.repeat(200), 'é'.repeat(2000)),
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      number,
      text.map((value) => JSON.stringify(value)),
      fc.constantFrom('true', 'false', 'null', '{}', '[]'),
    ),
    fc.array(tie('tree'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    members(tie('tree')),
  ),
}));
function members(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([key]) => key })
    .map((pairs) => `{${pairs.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(',')}}`);
}

/** As secrets are parsed: numbers keep their digits. */
const parse = (json: string): unknown => readDocument(new SecretValue(json))?.root;

/** The same text for what is the same, whatever the order of members; numbers by value. */
function canonical(node: unknown): string {
  if (typeof node === 'number') return String(node === 0 ? 0 : node);
  if (Array.isArray(node)) return `[${node.map(canonical).join(',')}]`;
  if (typeof node !== 'object' || node === null) return JSON.stringify(node);
  const sorted = Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}

const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

const TREES = [
  nested(64),
  '{}',
  '[]',
  'null',
  '"text"',
  '1e5',
  ...fc.sample(tree, { numRuns: 400, seed: SEED }),
];
const PROPERTIES = fc.sample(members(text.map((value) => JSON.stringify(value))), {
  numRuns: 200,
  seed: SEED,
});

const CASES: readonly { readonly dialect: Dialect; readonly documents: readonly string[] }[] = [
  { dialect: 'json', documents: TREES },
  { dialect: 'yaml', documents: TREES },
  { dialect: 'properties', documents: PROPERTIES },
];

const HERE = await findReaders(READERS.filter((one) => CASES.some(({ dialect }) => one.reads === dialect)));

describe.each(CASES)('$dialect', ({ dialect, documents }) => {
  const files = documents.map((document, index) => {
    const written = writeDocument(dialect, parse(document));
    if (!written.ok) throw new Error(written.problem.map((one) => one.fault).join());
    const file = path.join(folder, `${dialect}-${index}`);
    writeFileSync(file, written.value);
    return { path: file, names: [] };
  });

  for (const reader of READERS.filter((one) => one.reads === dialect)) {
    it.skipIf(!HERE.has(reader))(reader.name, async () => {
      const found = await reader.read(files);
      const wrong = documents.flatMap((document, index) => {
        const wanted = canonical(JSON.parse(document));
        const got = canonical(found[index]);
        return wanted === got ? [] : [`${wanted.slice(0, 300)} was read as ${got.slice(0, 300)}`];
      });
      expect(wrong.slice(0, 5), `READERS_SEED=${SEED}`).toEqual([]);
    });
  }
});
