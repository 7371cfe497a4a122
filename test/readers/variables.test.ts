/**
 * Whatever a dialect writes, its readers have the same value, byte for byte; what it refuses, one of them
 * would not.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { docker } from '../../src/core/formats/docker.ts';
import { dotenv, dotenvRuby } from '../../src/core/formats/dotenv.ts';
import { writeVariables } from '../../src/core/formats/index.ts';
import type { LineDialect } from '../../src/core/formats/line-dialect.ts';
import { shell } from '../../src/core/formats/shell.ts';
import { systemd } from '../../src/core/formats/systemd.ts';
import { anyValue, longValue } from '../property/hostile-values.ts';
import { dialectOf, faultOf, VALUE_CLASSES, verdictOf, WAYS } from './classes.ts';
import type { EnvFile, Way } from './reader.ts';
import { findReaders, READERS } from './readers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-readers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HERE = await findReaders(READERS);

const SEED = Number(process.env['READERS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Every low character in every place, the classes' samples, and what fast-check makes. Never bytes. */
function allValues(): readonly string[] {
  const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));
  return [
    ...VALUE_CLASSES.flatMap(({ samples }) => samples.filter((sample) => typeof sample === 'string')),
    ...characters.flatMap((one) => [one, `${one}a`, `a${one}`, `a${one}b`, `${one}${one}`]),
    ...fc.sample(anyValue, { numRuns: 1500, seed: SEED }),
    ...fc.sample(longValue, { numRuns: 5, seed: SEED }),
    ...borderline(65_535),
  ];
}

/** Values that make lines about that long, whichever name and quotes stand around them. */
function borderline(bytes: number): readonly string[] {
  return Array.from({ length: 10 }, (_, around) => 'é'.padEnd(bytes - around - 1, 'x'));
}

interface Written extends EnvFile {
  readonly values: ReadonlyMap<string, string>;
}

// What the system takes as the variables of one process, less some room.
const LARGEST_FILE = 1_000_000;

let fileCount = 0;
function write(text: string, values: ReadonlyMap<string, string>): Written {
  fileCount += 1;
  const file = path.join(folder, String(fileCount));
  writeFileSync(file, text);
  return { path: file, names: [...values.keys()], values };
}

/** The values that a way carries, in as few files as processes can take. */
function filesOf(way: Way, values: readonly string[]): readonly Written[] {
  const files: Written[] = [];
  let batch = new Map<string, string>();
  let size = 0;
  const flush = () => {
    const variables = [...batch].map(([name, value]) => ({ name, value }));
    const written = writeVariables(dialectOf(way), variables);
    if (!written.ok) throw new Error(`${way} rejected ${written.problem.length} values only together`);
    if (batch.size > 0) files.push(write(written.value, batch));
    batch = new Map();
    size = 0;
  };
  for (const value of values) {
    const name = `V${batch.size}`;
    if (faultOf(way, name, value) !== undefined) continue;
    size += Buffer.byteLength(value) + 16;
    batch.set(name, value);
    if (size > LARGEST_FILE || batch.size === 1000) flush();
  }
  flush();
  return files;
}

/** Names whose value is not what was written, with both, shortened. */
function differences(file: Written, found: unknown): readonly string[] {
  if (typeof found !== 'object' || found === null) return ['the file was refused'];
  const variables = new Map<string, unknown>(Object.entries(found));
  const altered = [...file.values].filter(([name, value]) => variables.get(name) !== value);
  const added = [...variables.keys()].filter((name) => !file.values.has(name));
  const show = (value: unknown) => JSON.stringify(value)?.slice(0, 200);
  return [
    ...altered.map(([name, value]) => `${name}: ${show(value)} was read as ${show(variables.get(name))}`),
    ...added.map((name) => `${show(name)} was never written`),
  ];
}

// Such as some language keeps for itself; V8 knows some more by prototype.
const NAMES = [
  ...['A', 'a', '_a', 'A1', 'A'.repeat(128), 'export', 'set', 'unset', 'true', 'null', 'NO', 'y', 'off'],
  ...['constructor', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf', 'NAN', 'e1', '__FILE__'],
];

function fileOfNames(way: Way): Written {
  const names = new Map(NAMES.map((name) => [name, `value of ${name}`]));
  const written = writeVariables(
    dialectOf(way),
    [...names].map(([name, value]) => ({ name, value })),
  );
  if (!written.ok) throw new Error(`${way} rejected ${written.problem[0]?.name}`);
  return write(written.value, names);
}

const values = allValues();

describe.each(WAYS)('%s', (way) => {
  const files = [...filesOf(way, values), fileOfNames(way)];
  const readers = READERS.filter((reader) => reader.reads === way);

  it('carries most values', () => {
    const carried = files.reduce((sum, file) => sum + file.values.size, 0);
    expect(carried).toBeGreaterThan(values.length * 0.4);
  });

  describe.each(readers)('$name', (reader) => {
    it.skipIf(!HERE.has(reader))('reads every name and value as it is', async () => {
      const found = await reader.read(files);
      const wrong = files.flatMap((file, index) => differences(file, found[index]));
      expect(wrong.slice(0, 10), `READERS_SEED=${SEED}`).toEqual([]);
      expect(found).toHaveLength(files.length);
    });
  });
});

/** How a value that is refused would have been written. */
const FORCED: Readonly<Partial<Record<Way, LineDialect>>> = {
  shell,
  dotenv,
  'dotenv-ruby': dotenvRuby,
  docker,
  systemd,
  native: shell,
};

/** No variable of a process holds these, whichever file it comes from. */
const IMPOSSIBLE = ['NUL', 'unpaired surrogate', 'binary data'];
/** Refused for versions of Ruby's dotenv that are newer, and of systemd that are older, than those that the tests have. */
const NEW_RUBY = ['both quotes', 'backslash at the end'];
const OLD_SYSTEMD = [
  'carriage return',
  'carriage return at the end',
  'carriage return before a newline',
  'other control character',
];

describe('what is refused, a reader would alter', () => {
  it('a name, by npm dotenv', async () => {
    const file = write(dotenv.line('__proto__', 'x'), new Map([['__proto__', 'x']]));
    const [reader] = READERS.filter((one) => one.name === 'npm dotenv');
    expect(differences(file, (await reader?.read([file]))?.[0])).not.toEqual([]);
  });

  for (const [way, dialect] of Object.entries(FORCED) as [Way, LineDialect][]) {
    const readers = READERS.filter((reader) => reader.reads === way);
    const exempt = [
      ...IMPOSSIBLE,
      ...(way === 'systemd' ? OLD_SYSTEMD : []),
      ...(way === 'dotenv-ruby' ? NEW_RUBY : []),
    ];
    const refused = VALUE_CLASSES.filter(
      (one) => verdictOf(way, one) === 'refused' && !exempt.includes(one.name),
    );
    if (refused.length === 0) continue;
    it.skipIf(!readers.every((reader) => HERE.has(reader)))(way, async () => {
      const samples = refused.flatMap(({ samples }) => samples.filter((one) => typeof one === 'string'));
      // Each in a file of its own, with a variable behind that a misread value might swallow.
      const files = samples.map((value) => {
        const variables = new Map([
          ['A', value],
          ['B', 'b'],
        ]);
        return write([...variables].map(([name, text]) => dialect.line(name, text)).join(''), variables);
      });
      const harmed = new Set<string>();
      for (const reader of readers) {
        const found = await reader.read(files);
        samples.forEach((value, index) => {
          const file = files[index];
          if (file !== undefined && differences(file, found[index]).length > 0) harmed.add(value);
        });
      }
      expect(samples.filter((value) => !harmed.has(value)).map((value) => value.slice(0, 50))).toEqual([]);
    });
  }
});
