/**
 * The YAML form of asking, defined once: validation, TypeScript types, the published JSON Schema and the page
 * of reference are all made from this.
 */
import * as z from 'zod/mini';
import { choice, FORM_DOCS, fields, flag, list, named, pattern, text } from './parts.ts';
import { conflicts, type Rule } from './rules.ts';

export const MAX_ENTRIES = 100;

const KEY = 'write the name of a top-level key, or {} for the whole value';
const KEY_LIST = 'write a list of keys such as ["host", "port"]';

const key = (): z.ZodMiniString =>
  text('A literal top-level key of the JSON secret.', 'write the name of a top-level key');
const shortKey = (): z.ZodMiniString => text('Short for `{ key: … }`.', KEY);
const excluded = (what: string) =>
  list(text('A key, or a pattern.'), 0, `${what} to leave out. "*" stands for any characters.`, KEY_LIST);
const included = (what: string) =>
  list(
    pattern(/^[^*]+$/, 'A key.', 'write whole keys: only exclude takes "*"'),
    1,
    `${what} to take; without it, all. A key that the secret lacks is an error.`,
    KEY_LIST,
  );

const source = {
  key: z.exactOptional(key()),
  jmesPath: z.exactOptional(
    text('A JMESPath expression over the JSON secret, for what lies deeper.', 'write a JMESPath expression'),
  ),
  optional: z.exactOptional(
    flag('Whether the secret, or what is taken from it, may be absent; else that is an error.'),
  ),
  default: z.exactOptional(
    z
      .string({ error: 'write text in quotes' })
      .register(FORM_DOCS, { description: 'Text to use when the value is absent; implies `optional`.' }),
  ),
  decode: z.exactOptional(choice(['base64'], 'How the value is decoded before use.')),
};

const SOURCE_RULES: readonly Rule[] = [
  ...conflicts('key', ['jmesPath'], 'keep one: key is a literal name, jmesPath an expression'),
  {
    kind: 'conflict',
    fields: ['default', 'optional'],
    is: false,
    expected: 'remove one: a default makes the value optional',
  },
];

const variable = fields(source, SOURCE_RULES, {
  id: 'variable',
  description: 'What a variable holds; `{}` is the whole value of the secret.',
});

const file = fields(
  {
    ...source,
    mode: z.exactOptional(
      pattern(
        /^0[4-7][0-7]{2}$/,
        'Permissions of the file, as octal text such as "0400".',
        'write four octal digits in quotes, such as "0400", that let the owner read',
      ),
    ),
    format: z.exactOptional(
      choice(
        ['shell', 'dotenv', 'docker', 'systemd', 'properties', 'json', 'yaml'],
        'Writes every top-level key of the JSON secret in this dialect.',
      ),
    ),
    template: z.exactOptional(text('Text with insertions, written as a file.')),
    escape: z.exactOptional(
      choice(
        ['json', 'url', 'shell', 'properties', 'xml', 'yaml', 'raw'],
        'How insertions of the template are escaped.',
      ),
    ),
    pem: z.exactOptional(
      choice(['certificates', 'private-key'], 'Which part of a PEM bundle the file receives.'),
    ),
  },
  [
    ...SOURCE_RULES,
    ...conflicts(
      'template',
      ['key', 'jmesPath', 'decode', 'format', 'pem', 'default'],
      'keep one: a template says by itself what is inserted',
    ),
    ...conflicts(
      'format',
      ['key', 'jmesPath', 'decode', 'pem'],
      'keep one: format takes every key of the secret',
    ),
    { kind: 'needs', fields: ['escape', 'template'], expected: 'escape says how a template inserts values' },
  ],
  { id: 'file', description: 'What a file holds; `{}` is the whole value, byte for byte.' },
);

const SELECTION_RULES: readonly Rule[] = [
  { kind: 'disjoint', fields: ['include', 'exclude'], expected: 'name the key in one of the two' },
];

const envFrom = fields(
  {
    prefix: z.exactOptional(
      z
        .string({ error: 'write text such as DB_' })
        .register(FORM_DOCS, { description: 'Put in front of each name.', default: '' }),
    ),
    case: z.exactOptional(
      choice(['upper', 'lower', 'keep'], 'Whether keys are made upper or lower case.', { default: 'keep' }),
    ),
    include: z.exactOptional(included('Keys')),
    exclude: z.exactOptional(excluded('Keys')),
    onCollision: z.exactOptional(
      choice(
        ['refuse', 'skip'],
        'What happens when a name is given already: an error, or the earlier stays.',
        {
          default: 'refuse',
        },
      ),
    ),
  },
  SELECTION_RULES,
  { id: 'envFrom', description: 'How keys become variables.' },
);

const filesFrom = fields(
  {
    directory: text('The directory, below the mount path, that receives the files.', 'name a directory'),
    include: z.exactOptional(included('Keys')),
    exclude: z.exactOptional(excluded('Keys')),
    mode: file.def.shape.mode,
    onCollision: envFrom.def.shape.onCollision,
  },
  SELECTION_RULES,
  { id: 'filesFrom', description: 'How keys become files.' },
);

/** One secret, and what is made of it. */
export const ENTRY = fields(
  {
    secret: text(
      'The ARN of the secret, or an alias that `secret.<alias>` defines.',
      'write the ARN of a secret, or an alias',
    ),
    env: z.exactOptional(
      named(
        z.union([shortKey(), variable], { error: KEY }),
        'Environment variables by name.',
        'write a map from names of variables to keys',
      ),
    ),
    envFrom: z.exactOptional(
      z
        .union(
          [z.literal(true).register(FORM_DOCS, { description: 'Every key, under its own name.' }), envFrom],
          { error: 'write true, or a map of prefix, case, include, exclude, onCollision' },
        )
        .register(FORM_DOCS, {
          description: 'Every top-level key of the JSON secret as an environment variable.',
        }),
    ),
    files: z.exactOptional(
      named(
        z.union([shortKey(), file], { error: KEY }),
        'Files by their path below the mount path.',
        'write a map from paths of files to keys',
      ),
    ),
    filesFrom: z.exactOptional(filesFrom),
    containers: z.exactOptional(
      list(
        text('The name of a container.'),
        1,
        "The containers that receive this entry, in place of the pod's own list.",
        'write a list of names of containers, such as [app]',
      ),
    ),
    versionStage: z.exactOptional(
      text('The staging label of the version to fetch.', 'write a label', { default: 'AWSCURRENT' }),
    ),
    versionId: z.exactOptional(text('The id of the version to fetch.', 'write the id of a version')),
    optional: z.exactOptional(flag('The default of `optional` for everything that this entry asks for.')),
    failover: z.exactOptional(
      list(
        text('A Region.'),
        1,
        'Regions with a replica of the secret, in order. Not available yet: refused.',
        'write a list of Regions, such as [us-east-1]',
      ),
    ),
  },
  [
    {
      kind: 'some',
      fields: ['env', 'envFrom', 'files', 'filesFrom'],
      expected: 'say what is made of the secret, such as files: { db.json: {} }',
    },
    {
      kind: 'conflict',
      fields: ['versionStage', 'versionId'],
      code: 'REFERENCE_STAGE_AND_ID',
      expected: 'name one of the two, as in Amazon ECS',
    },
  ],
  { id: 'entry', description: 'One secret, and what is made of it.' },
);

/** The whole annotation. */
export const ENTRIES = z
  .array(ENTRY, { error: 'write a list: each entry begins with "- secret: …"' })
  .check(
    z.minLength(1, { error: 'write at least one entry, or remove the annotation' }),
    z.maxLength(MAX_ENTRIES, { error: `write at most ${MAX_ENTRIES} entries` }),
  )
  .register(FORM_DOCS, { id: 'entries', description: 'A list of secrets, and what is made of each.' });

/** The known fields of each map, by the field of an entry that holds it: for `did you mean`. */
export const FIELDS_OF = {
  entry: Object.keys(ENTRY.def.shape),
  env: Object.keys(source),
  envFrom: Object.keys(envFrom.def.shape),
  files: Object.keys(file.def.shape),
  filesFrom: Object.keys(filesFrom.def.shape),
} as const;

/** The form as written, for each part. A key alone is short for `{ key }`, `true` for `{}`. */
export type EntryForm = z.infer<typeof ENTRY>;
export type VariableForm = z.infer<typeof variable>;
export type FileForm = z.infer<typeof file>;
export type EnvFromForm = z.infer<typeof envFrom>;
export type FilesFromForm = z.infer<typeof filesFrom>;
