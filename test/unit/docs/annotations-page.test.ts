/** docs/reference/annotations.md is generated from the definitions, and the core renders each of its examples. */
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { formFields } from '../../../src/core/annotations/form/form-fields.ts';
import { asObject, type JsonObject } from '../../../src/core/json.ts';
import { FAMILIES, type Family, OPTIONS, type Option } from '../../../src/core/names/annotation-keys.ts';
import { STEERING_BY_PROGRAM, STEERING_PREFIXES } from '../../../src/core/names/steering-names.ts';
import { ALIASES, outcomeWith, type Shown, showOf } from './example-pod.ts';
import { code, expectParts, readPage, table } from './page.ts';

interface Examples {
  readonly families: Readonly<Record<Family, string>>;
  readonly names: Readonly<Record<Family, string>>;
  readonly options: Readonly<Record<Option, string>>;
  /** Lines of an entry, by the path of a field. */
  readonly fields: Readonly<Record<string, string>>;
}

const EXAMPLES = parse(readPage('docs/reference/annotations.examples.yaml')) as Examples;
const FIELDS = formFields();

/** The annotation of a family, with the annotations that it needs. */
function familyAnnotations(family: Family): Readonly<Record<string, string>> {
  const asked = { [`${family}.${EXAMPLES.names[family]}`]: EXAMPLES.families[family] };
  return family === 'secret' ? { ...asked, 'file.db.json': 'db' } : { ...ALIASES, ...asked };
}

/** The entry of an example. Without a secret or a request of its own, it writes the secret `db` to the file `db.json`. */
function entryOf(example: JsonObject): JsonObject {
  const makes = ['env', 'envFrom', 'files', 'filesFrom'].some((part) => part in example);
  return { secret: 'db', ...example, ...(makes ? {} : { files: { 'db.json': {} } }) };
}

const withEntry = (entry: JsonObject) => ({ ...ALIASES, secrets: JSON.stringify([entry]) });

/** The object and the field that a path names; `<name>` is the first field. */
function placeOf(entry: JsonObject, path: string): { readonly object: JsonObject; readonly name: string } {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const object = names.reduce<JsonObject>((above, name) => {
    const key = name === '<name>' ? (Object.keys(above)[0] ?? '') : name;
    return asObject(above[key]) ?? {};
  }, entry);
  return { object, name: last };
}

it('has exactly one example for each key', () => {
  expect(Object.keys(EXAMPLES.families)).toEqual(Object.keys(FAMILIES));
  expect(Object.keys(EXAMPLES.options)).toEqual(Object.keys(OPTIONS));
  expect(Object.keys(EXAMPLES.fields)).toEqual(FIELDS.map((field) => field.path));
});

it.each(Object.keys(FAMILIES) as Family[])('renders the example of %s', (family) => {
  expect(showOf(familyAnnotations(family))).toMatchObject({ kind: 'injected', warnings: [] });
});

const ASKED: Readonly<Record<string, string>> = {
  ...ALIASES,
  'env.DB_USER': 'db:username',
  'file.db.json': 'db',
  'env-mode': 'file',
};

/** Options that need another. */
const NEEDED: Readonly<Record<string, Option>> = {
  'external-id': 'assume-role-arn',
  'refresh-required': 'refresh',
  'on-change': 'refresh',
};

it.each(Object.entries(EXAMPLES.options))('the example of %s changes what is injected', (option, value) => {
  const { [option]: _, ...others } = ASKED;
  const needed = NEEDED[option];
  const asked = needed === undefined ? others : { ...others, [needed]: EXAMPLES.options[needed] };
  const without = outcomeWith(asked);
  const outcome = outcomeWith({ ...asked, [option]: value });
  if (option === 'inject') expect(outcome).toMatchObject({ kind: 'unchanged', reason: 'inject-false' });
  else expect(outcome).toMatchObject({ kind: 'injected', warnings: [] });
  expect(outcome).not.toEqual(without);
});

it.each(Object.entries(EXAMPLES.fields))('the example of %s depends on the field', (path, example) => {
  const entry = entryOf(parse(example));
  const outcome = outcomeWith(withEntry(entry));
  expect(outcome).toMatchObject({ kind: 'injected', warnings: [] });
  const without = structuredClone(entry);
  const { object, name } = placeOf(without, path);
  expect(object).toHaveProperty([name]);
  Reflect.deleteProperty(object, name);
  expect(outcomeWith(withEntry(entryOf(without)))).not.toEqual(outcome);
});

const lines = (text: readonly string[]) => text.map(code).join('<br>');

function givesCell(shown: Shown): string {
  if (shown.kind === 'denied') return `rejected: ${shown.codes.map(code).join(', ')}`;
  return shown.views
    .map(({ containers, parts }) => {
      const where = containers === undefined ? '' : `in ${containers.map(code).join(', ')}: `;
      return `${where}${parts.length === 0 ? 'nothing' : lines(parts)}`;
    })
    .join('<br>');
}

function familyTable(): string {
  return table(
    ['key', 'adds', 'example', 'result'],
    (Object.keys(FAMILIES) as Family[]).map((family) => {
      const key = `${family}.${EXAMPLES.names[family]}`;
      const shown = family === 'secret' ? '' : givesCell(showOf(familyAnnotations(family)));
      return [
        `\`${family}.<${PLACEHOLDERS[family]}>\``,
        FAMILIES[family],
        code(`${key}: "${EXAMPLES.families[family]}"`),
        shown,
      ];
    }),
  );
}

const PLACEHOLDERS: Readonly<Record<Family, string>> = {
  secret: 'alias',
  env: 'NAME',
  'env-from': 'id',
  file: 'name',
  'file-from': 'dir',
};

function optionTable(): string {
  return table(
    ['key', 'default', 'meaning', 'example'],
    (Object.keys(OPTIONS) as Option[]).map((option) => {
      const { default: standard, doc } = OPTIONS[option];
      const isValue = !standard.includes(' ') && standard !== 'computed';
      return [
        code(option),
        isValue ? code(standard) : standard,
        doc,
        code(`${option}: "${EXAMPLES.options[option]}"`),
      ];
    }),
  );
}

/** The fields of one part: of the entry itself, or of one of its fields. */
function fieldTable(part: string): string {
  const fields = FIELDS.filter(({ path }) =>
    part === 'entry' ? !path.includes('.') : path.startsWith(`${part}.`),
  );
  return table(
    ['field', 'type', 'meaning', 'example', 'result'],
    fields.map(({ path, type, required, default: standard, doc }) => {
      const example = EXAMPLES.fields[path] ?? '';
      const short = path.replace(/^.*\./, '');
      const fallback = standard === undefined || standard === 'false' ? '' : `; default ${code(standard)}`;
      return [
        code(short),
        `${type}${required ? ', required' : fallback}`,
        doc,
        lines(example.split('\n')),
        givesCell(showOf(withEntry(entryOf(parse(example))))),
      ];
    }),
  );
}

function steeringTable(): string {
  return table(
    ['read by', 'names'],
    [
      ...Object.entries(STEERING_BY_PROGRAM).map(([program, names]) => [program, names.map(code).join(', ')]),
      ['by prefix', STEERING_PREFIXES.map((prefix) => code(`${prefix}*`)).join(', ')],
    ],
  );
}

it('docs/reference/annotations.md is current', () => {
  expectParts('docs/reference/annotations.md', {
    families: familyTable(),
    options: optionTable(),
    ...Object.fromEntries(
      ['entry', 'env', 'envFrom', 'files', 'filesFrom'].map((part) => [part, fieldTable(part)]),
    ),
    steering: steeringTable(),
  });
});
