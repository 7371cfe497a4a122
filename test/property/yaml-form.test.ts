/** The YAML form against generated text, the published JSON Schema, and another YAML parser. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { formSchema } from '../../src/core/annotations/form/json-schema.ts';
import type { Entry } from '../../src/core/annotations/form/read.ts';
import { plainScalar } from '../../src/core/annotations/form/scalar.ts';
import { formatProblem } from '../../src/core/problems/problems.ts';
import { readForm, type SecretsForm } from '../values/read-form.ts';
import { damagedForm, form } from './yaml-form.ts';

const isValid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(formSchema());

/** What only the reader can know. */
function shapeProblems({ problems }: SecretsForm) {
  return problems.filter(({ wrong }) => !wrong.startsWith('both include and exclude contain'));
}

/** JSON is YAML, but for what YAML does not allow in text. */
const asText = (value: unknown) =>
  fc.constantFrom(JSON.stringify(value), stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 }));

it('reads what the JSON Schema accepts, as it was written', () => {
  fc.assert(
    fc.property(
      form.chain((entries) => fc.tuple(fc.constant(entries), asText(entries))),
      ([entries, text]) => {
        expect(isValid(entries), JSON.stringify(isValid.errors)).toBe(true);
        const read = readForm(text);
        expect(read.problems).toEqual([]);
        expect(read.entries.map(written)).toEqual(entries.map((entry) => spelledOut(entry)));
      },
    ),
    { numRuns: 300 },
  );
});

it('refuses what the JSON Schema refuses', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      damagedForm.chain((root) => fc.tuple(fc.constant(root), asText(root))),
      ([root, text]) => {
        const read = readForm(text);
        expect(shapeProblems(read).length === 0, `${text}\n${JSON.stringify(read.problems)}`).toBe(
          isValid(root),
        );
        if (read.problems.length > 0) refused += 1;
      },
    ),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(300);
});

it('never throws, and says little, whatever the text', () => {
  const punctuation = fc.constantFrom(
    ...'[]{}:,-?&*!|>\'"%@`#\n \t\\~<',
    '---',
    '\n  ',
    ': ',
    '- ',
    '__proto__',
    '\0',
  );
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(fc.oneof(punctuation, fc.constantFrom('a', 'secret', 'env', '5')), { maxLength: 60 })
      .map((parts) => parts.join('')),
    fc
      .tuple(
        form.chain(asText),
        fc.array(fc.tuple(fc.nat(), fc.nat(8), punctuation), { minLength: 1, maxLength: 4 }),
      )
      .map(([text, edits]) => {
        let edited = text;
        for (const [seed, length, put] of edits) {
          const at = seed % (edited.length + 1);
          edited = edited.slice(0, at) + put + edited.slice(at + length);
        }
        return edited;
      }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const { problems, entries } = readForm(text);
      expect(problems.length + entries.length).toBeGreaterThan(0);
      // The parsers' own words never come through, nor does a second line or much of the text.
      const bad = problems.filter((problem) => {
        const line = formatProblem(problem);
        return /Invalid|\p{Cc}|undefined/u.test(line) || line.length > 500;
      });
      expect(bad).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});

it('takes the same plain scalars for text as another parser of YAML 1.2', () => {
  const source = fc
    .oneof(
      fc.stringMatching(/^[-+.0-9eExXoOabcdfinNyY_~]{1,7}$/),
      fc.mixedCase(fc.constantFrom('null', 'true', 'false', '.inf', '-.inf', '+.INF', '.nan', 'yes', 'no')),
    )
    .filter((text) => !/^(?:-+|\.\.\.|---)$/.test(text));
  fc.assert(
    fc.property(source, (text) => {
      const ours = plainScalar(text);
      const theirs = (parse(`- ${text}`, { schema: 'core' }) as unknown[])[0];
      expect(ours === null ? 'null' : typeof ours).toBe(theirs === null ? 'null' : typeof theirs);
      if (typeof ours !== 'number') expect(ours).toBe(theirs);
    }),
    { numRuns: 2000 },
  );
});

it('ends on hostile texts of 250 KiB', () => {
  const fill = (part: string, around: readonly [string, string] = ['', '']) =>
    around[0] + part.repeat(Math.floor((250 * 1024) / part.length)) + around[1];
  const numbered = (count: number, part: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => part(index)).join('');
  const inEnv = ['- secret: db\n  env: {', '}'] as const;
  const texts = [
    ...[
      '[',
      '{',
      '{a: ',
      '- ',
      '? ',
      '&a ',
      '!a ',
      '#\n',
      '- *a\n',
      '-\n',
      '?\n',
      ': ',
      '---\n',
      '%a\n',
      '...\n',
      '[\n',
      'a\n',
      '\n',
      '\t',
      '\0',
      '\ufeff',
      '\r',
      '>\n',
      ']',
      '"',
    ].map((part) => fill(part)),
    fill('\\n', ['"', '"']),
    fill('a: b,', ['[', ']']),
    fill(' a\n\n', ['>\n', '']),
    fill('9', ['- ', '']),
    fill('A: *a,', inEnv),
    fill('A: b,', inEnv),
    inEnv.join(numbered(19_000, (index) => `A${index}: &a${index} b,`)),
    inEnv.join(numbered(450, (index) => `A${index}: {${numbered(20, (field) => `f${field}: 5,`)}},`)),
    `- ${numbered(15_000, (index) => `envFro${index}: v\n  `)}`,
    fill('1,', ['- secret: db\n  envFrom: {include: [', ']}']).slice(0, 70_000),
    numbered(
      100,
      () => `- secret: db\n  envFrom: {include: [${'a,'.repeat(180)}], exclude: [${'b,'.repeat(180)}]}\n`,
    ),
    // Each level would be ten times the one below it.
    `- &a0 [x]\n${numbered(12, (index) => `- &a${index + 1} [${`*a${index},`.repeat(10)}]\n`)}`,
  ];
  for (const text of texts) expect(readForm(text).problems.length).toBeLessThanOrEqual(100);
});

/** An entry as read, in the writing without short forms. */
function written(entry: Entry): object {
  const { index, subject, env, files, ...rest } = entry;
  const named = (list: readonly { name: string; subject: string }[]) =>
    list.length === 0 ? undefined : new Map(list.map(({ name, subject: _, ...form }) => [name, form]));
  return present({ ...rest, env: named(env), files: named(files) });
}

function spelledOut(entry: object): object {
  const { env, files, envFrom, ...rest } = entry as Record<string, unknown>;
  const named = (map: unknown) =>
    map === undefined
      ? undefined
      : new Map(
          Object.entries(map as object).map(([name, form]) => [
            name,
            typeof form === 'string' ? { key: form } : form,
          ]),
        );
  return present({ ...rest, env: named(env), files: named(files), envFrom: envFrom === true ? {} : envFrom });
}

function present(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
