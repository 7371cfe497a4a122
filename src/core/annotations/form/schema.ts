/**
 * The YAML form, defined once: validation, TypeScript types, the published JSON Schema and the reference page are made
 * from this schema.
 */
import * as z from 'zod/mini';
import { DIALECTS } from '../../formats/index.ts';
import { MAX_REFERENCES } from '../../limits.ts';
import { MAX_FAILOVER_REGIONS } from '../../names/failover.ts';
import { LONGEST_REGION, REGION } from '../../names/regions.ts';
import { FILE_MODE, FILE_MODE_EXPECTED } from '../../plan/file-mode.ts';
import { PEM_PARTS } from '../../secret/pem.ts';
import { ESCAPES } from '../../template/escapes.ts';
import { choice, FORM_DOCS, fields, flag, list, named, pattern, text } from './parts.ts';
import { conflicts, type Rule } from './rules.ts';

export const MAX_ENTRIES = 100;
const MAX_CONTAINERS = 500;

const KEY = 'use the name of a top-level key, or {} for the whole value';
const KEY_LIST = 'use a list of keys such as ["host", "port"]';

const key = (): z.ZodMiniString =>
  text('A literal top-level key of the JSON secret.', 'use the name of a top-level key');
const shortKey = (): z.ZodMiniString => text('Short form of `{ key: … }`.', KEY);
const excluded = (what: string) =>
  list(
    text('A key, or a pattern.'),
    { least: 0, most: MAX_REFERENCES },
    `${what} to leave out. "*" matches any characters.`,
    KEY_LIST,
  );
const included = (what: string) =>
  list(
    pattern(/^[^*]+$/, 'A key.', 'use complete keys; only exclude supports "*"'),
    { least: 1, most: MAX_REFERENCES },
    `${what} to use; all keys by default. A key that the secret does not contain is an error.`,
    KEY_LIST,
  );

const source = {
  key: z.exactOptional(key()),
  jmesPath: z.exactOptional(
    text('A JMESPath expression that selects a value from the JSON secret.', 'use a JMESPath expression'),
  ),
  optional: z.exactOptional(
    flag('Whether the secret or the selected value may be missing. Otherwise a missing value is an error.'),
  ),
  default: z.exactOptional(
    z
      .string({ error: 'use text in quotes' })
      .register(FORM_DOCS, { description: 'Text to use when the value is missing; implies `optional`.' }),
  ),
  decode: z.exactOptional(choice(['base64'], 'How to decode the value.')),
};

const SOURCE_RULES: readonly Rule[] = [
  ...conflicts('key', ['jmesPath'], 'keep one of them; key is a literal name, jmesPath an expression'),
  {
    kind: 'conflict',
    fields: ['default', 'optional'],
    is: false,
    expected: 'remove one of them; a default makes the value optional',
  },
];

const variable = fields(source, SOURCE_RULES, {
  id: 'variable',
  description: 'The value of a variable; `{}` is the whole value of the secret.',
});

const file = fields(
  {
    ...source,
    mode: z.exactOptional(
      pattern(FILE_MODE, 'Permissions of the file in octal, as text such as "0400".', FILE_MODE_EXPECTED),
    ),
    format: z.exactOptional(
      choice(DIALECTS, 'Writes every top-level key of the JSON secret in this format.'),
    ),
    template: z.exactOptional(text('A Mustache template, filled from the JSON secret.')),
    escape: z.exactOptional(
      choice(ESCAPES, 'How to escape insertions of the template that do not specify an escape.'),
    ),
    pem: z.exactOptional(choice(PEM_PARTS, 'The part of a PEM bundle to write.')),
  },
  [
    ...SOURCE_RULES,
    ...conflicts(
      'template',
      ['key', 'jmesPath', 'decode', 'format', 'pem', 'default'],
      'keep one of them; a template names the values that it inserts',
    ),
    ...conflicts(
      'format',
      ['key', 'jmesPath', 'decode', 'pem'],
      'keep one of them; format uses every key of the secret',
    ),
    {
      kind: 'needs',
      fields: ['escape', 'template'],
      expected: 'add the template whose insertions to escape, or remove escape',
    },
  ],
  { id: 'file', description: 'The content of a file; `{}` is the whole value, byte for byte.' },
);

const SELECTION_RULES: readonly Rule[] = [
  { kind: 'disjoint', fields: ['include', 'exclude'], expected: 'remove it from one of the two lists' },
];

const envFrom = fields(
  {
    prefix: z.exactOptional(
      z
        .string({ error: 'use text such as DB_' })
        .check(
          z.regex(/^(?:[A-Za-z_][A-Za-z0-9_]*)?$/, { error: 'use letters, digits and "_", such as DB_' }),
        )
        .register(FORM_DOCS, { description: 'A prefix for each name.', default: '' }),
    ),
    case: z.exactOptional(
      choice(['upper', 'lower', 'keep'], 'Whether to change keys to upper or lower case.', {
        default: 'keep',
      }),
    ),
    include: z.exactOptional(included('Keys')),
    exclude: z.exactOptional(excluded('Keys')),
    onCollision: z.exactOptional(
      choice(
        ['refuse', 'skip'],
        'What to do when another key or the container already uses the name: fail, or skip the key.',
        {
          default: 'refuse',
        },
      ),
    ),
  },
  SELECTION_RULES,
  { id: 'envFrom', description: 'How to turn keys into variables.' },
);

const filesFrom = fields(
  {
    directory: text('The directory for the files, relative to the mount path.', 'name a directory'),
    include: z.exactOptional(included('Keys')),
    exclude: z.exactOptional(excluded('Keys')),
    mode: file.def.shape.mode,
    onCollision: envFrom.def.shape.onCollision,
  },
  SELECTION_RULES,
  { id: 'filesFrom', description: 'How to turn keys into files.' },
);

const REGION_EXPECTED = 'use the name of a Region such as us-east-1';
const region = z
  .string({ error: REGION_EXPECTED })
  .check(z.regex(REGION, { error: REGION_EXPECTED }), z.maxLength(LONGEST_REGION, { error: REGION_EXPECTED }))
  .register(FORM_DOCS, { description: 'A Region of the same partition as the secret.' });

/** One secret and its uses. */
export const ENTRY = fields(
  {
    secret: text(
      'The ARN of the secret, or an alias from `secret.<alias>`.',
      'use the ARN of a secret, or an alias',
    ),
    env: z.exactOptional(
      named(
        z.union([shortKey(), variable], { error: KEY }),
        'Environment variables by name.',
        'use a map from variable names to keys',
      ),
    ),
    envFrom: z.exactOptional(
      z
        .union(
          [z.literal(true).register(FORM_DOCS, { description: 'Every key, under its own name.' }), envFrom],
          { error: 'use true, or a map of prefix, case, include, exclude, onCollision' },
        )
        .register(FORM_DOCS, {
          description: 'Every top-level key of the JSON secret as an environment variable.',
        }),
    ),
    files: z.exactOptional(
      named(
        z.union([shortKey(), file], { error: KEY }),
        'Files by path, relative to the mount path.',
        'use a map from file paths to keys',
      ),
    ),
    filesFrom: z.exactOptional(filesFrom),
    containers: z.exactOptional(
      list(
        text('The name of a container.'),
        { least: 1, most: MAX_CONTAINERS },
        'The containers that receive this entry, instead of the containers of the pod.',
        'use a list of container names such as [app]',
      ),
    ),
    versionStage: z.exactOptional(
      text('The staging label of the version to fetch.', 'use a staging label', { default: 'AWSCURRENT' }),
    ),
    versionId: z.exactOptional(text('The ID of the version to fetch.', 'use a version ID')),
    optional: z.exactOptional(flag('The default of `optional` for the whole entry.')),
    failover: z.exactOptional(
      list(
        region,
        { least: 1, most: MAX_FAILOVER_REGIONS },
        'Regions that have a replica of the secret, in order. A replica is used if the Region of the secret is unavailable.',
        'use a list of Regions such as [us-east-1]',
      ),
    ),
  },
  [
    {
      kind: 'some',
      fields: ['env', 'envFrom', 'files', 'filesFrom'],
      expected: 'add at least one of them, such as files: { db.json: {} }',
    },
    {
      kind: 'conflict',
      fields: ['versionStage', 'versionId'],
      code: 'REFERENCE_STAGE_AND_ID',
      expected: 'keep only one of the two, as in Amazon ECS',
    },
  ],
  { id: 'entry', description: 'One secret and its uses.' },
);

/** The whole annotation. */
export const ENTRIES = z
  .array(ENTRY, { error: 'use a list in which each entry starts with "- secret: …"' })
  .check(
    z.minLength(1, { error: 'add at least one entry, or remove the annotation' }),
    z.maxLength(MAX_ENTRIES, { error: `use at most ${MAX_ENTRIES} entries` }),
  )
  .register(FORM_DOCS, { id: 'entries', description: 'A list of secrets and their uses.' });

/** The known fields of each map, by the field of an entry that contains the map: for `did you mean`. */
export const FIELDS_OF = {
  entry: Object.keys(ENTRY.def.shape),
  env: Object.keys(source),
  envFrom: Object.keys(envFrom.def.shape),
  files: Object.keys(file.def.shape),
  filesFrom: Object.keys(filesFrom.def.shape),
} as const;

/** The types of the form's parts. A key alone is short for `{ key }`, `true` for `{}`. */
export type EntryForm = z.infer<typeof ENTRY>;
export type VariableForm = z.infer<typeof variable>;
export type FileForm = z.infer<typeof file>;
export type EnvFromForm = z.infer<typeof envFrom>;
export type FilesFromForm = z.infer<typeof filesFrom>;
