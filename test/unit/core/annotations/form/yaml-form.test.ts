/** The YAML form: what is read from it, and what is said about what is wrong. */
import { describe, expect, it } from 'vitest';
import { formFields } from '../../../../../src/core/annotations/form/form-fields.ts';
import { formatProblem } from '../../../../../src/core/problems/problems.ts';
import { readForm } from '../../../../values/read-form.ts';

const complaintsOf = (text: string) =>
  readForm(text).problems.map((problem) =>
    formatProblem(problem).replaceAll('secrets-injector.dev/secrets', '@'),
  );

/** The complaints about one entry that asks for the file or variable given. */
const complaintsOfFile = (file: string) => complaintsOf(`- { secret: db, files: { f: ${file} } }`);
const complaintsOfVariable = (variable: string) => complaintsOf(`- { secret: db, env: { A: ${variable} } }`);

describe('what is read', () => {
  it('every field, and the short writings as the long ones', () => {
    const { entries, problems } = readForm(`
- secret: arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf
  env:
    DB_USER: username                  # a literal top-level key
    DB_ALL: {}
    DB_HOST: { jmesPath: "endpoints[0].host", optional: true, default: localhost }
  envFrom: { prefix: DB_, case: upper, include: ["host", "port"], exclude: [] }
  files:
    tls/key.pem: { key: tls, decode: base64, mode: "0400", pem: private-key }
    db.properties: { format: properties }
    app.conf: { template: "a", escape: json }
  filesFrom: { directory: db, exclude: ["*.old"], mode: "0440", onCollision: skip }
  containers: [app]
  versionStage: AWSCURRENT
  optional: false
- { secret: db, envFrom: true, versionId: "1" }
`);
    expect(problems).toEqual([]);
    const at = 'secrets-injector.dev/secrets[0]';
    expect(entries).toEqual([
      {
        index: 0,
        subject: at,
        secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf',
        env: [
          { name: 'DB_USER', subject: `${at}.env.DB_USER`, key: 'username' },
          { name: 'DB_ALL', subject: `${at}.env.DB_ALL` },
          {
            name: 'DB_HOST',
            subject: `${at}.env.DB_HOST`,
            jmesPath: 'endpoints[0].host',
            optional: true,
            default: 'localhost',
          },
        ],
        envFrom: { prefix: 'DB_', case: 'upper', include: ['host', 'port'], exclude: [] },
        files: [
          {
            name: 'tls/key.pem',
            subject: `${at}.files["tls/key.pem"]`,
            key: 'tls',
            decode: 'base64',
            mode: '0400',
            pem: 'private-key',
          },
          { name: 'db.properties', subject: `${at}.files["db.properties"]`, format: 'properties' },
          { name: 'app.conf', subject: `${at}.files["app.conf"]`, template: 'a', escape: 'json' },
        ],
        filesFrom: { directory: 'db', exclude: ['*.old'], mode: '0440', onCollision: 'skip' },
        containers: ['app'],
        versionStage: 'AWSCURRENT',
        versionId: undefined,
        optional: false,
      },
      {
        index: 1,
        subject: 'secrets-injector.dev/secrets[1]',
        secret: 'db',
        env: [],
        envFrom: {},
        files: [],
        filesFrom: undefined,
        containers: undefined,
        versionStage: undefined,
        versionId: '1',
        optional: undefined,
      },
    ]);
  });

  it('names that JavaScript treats specially are plain names', () => {
    const { entries, problems } = readForm(
      '- { secret: db, env: { __proto__: a, constructor: b, toString: {} }, files: { __proto__: {} } }',
    );
    expect(problems).toEqual([]);
    expect(entries[0]?.env.map(({ name, key }) => [name, key])).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', undefined],
    ]);
    expect(entries[0]?.files).toEqual([
      { name: '__proto__', subject: 'secrets-injector.dev/secrets[0].files.__proto__' },
    ]);
    expect(complaintsOfVariable('{ __proto__: 1 }')[0]).toMatch(
      /^SECRETS_ENTRY_INVALID .*A\.__proto__: the field does not exist/,
    );
    expect(complaintsOf('- { secret: db, env: { __proto__: 5 } }')[0]).toContain(
      '@[0].env.__proto__: the value is the',
    );
  });

  it('what is sound beside a problem', () => {
    const { entries, problems } = readForm(`
- { secret: db, env: { GOOD: a, BAD: 5 }, envFrom: { prefx: a }, files: { g: {}, b: { mode: "9" } } }
- { secret: 5, envFrom: true }
- { secret: db, envFrom: true, versionStage: a, versionId: b }
- { secret: tls, filesFrom: { directory: tls }, unknown: 1 }
`);
    expect(problems).toHaveLength(6);
    expect(entries.map(({ subject }) => subject.slice(-3))).toEqual(['[0]', '[3]']);
    expect(entries[0]?.env.map(({ name }) => name)).toEqual(['GOOD']);
    expect(entries[0]?.files.map(({ name }) => name)).toEqual(['g']);
    expect(entries[0]?.envFrom).toBeUndefined();
  });
});

describe('shape', () => {
  it.each([
    ['5', '"5"'],
    ['0440', '"0440"'],
    ['1.50', '"1.50"'],
    ['0x1F', '"0x1F"'],
    ['.inf', '".inf"'],
    ['true', '"true"'],
  ])('%s where text is expected is to be quoted as it is spelled', (spelling, quoted) => {
    for (const complaints of [
      complaintsOfVariable(spelling),
      complaintsOfVariable(`{ default: ${spelling} }`),
      complaintsOfFile(`{ mode: ${spelling} }`),
      complaintsOf(`- { secret: ${spelling}, envFrom: true }`),
      complaintsOf(`- { secret: db, envFrom: true, containers: [${spelling}] }`),
    ]) {
      expect(complaints).toHaveLength(1);
      expect(complaints[0]).toContain(`; if this is text, quote it: ${quoted}; otherwise `);
    }
  });

  it.each([
    ['', 'a list in which each entry'],
    ['secret: db', 'the value is a map; use a list'],
    ['text', 'the value is "text"; use a list'],
    ['[]', '@: the list is empty; add at least one entry'],
    ['- ', '@[0]: the value is missing; use a map of secret, env'],
    ['- { envFrom: true }', '@[0].secret: the field is missing; use the ARN'],
    ['- { secret: db }', '@[0]: the map has none of env, envFrom, files, filesFrom'],
    ['- { secret: db, env: {} }', '@[0].env: the map is empty'],
    ['- { secret: db, env: [A] }', '@[0].env: the value is a list of 1; use a map'],
    [
      '- { secret: db, envfrom: true, env: { A: b } }',
      '@[0].envfrom: the field does not exist here; did you mean envFrom?',
    ],
    [
      '- { secret: db, envFrom: false }',
      '@[0].envFrom: the value is false without quotes; use true, or a map',
    ],
    ['- { secret: db, envFrom: "true" }', '@[0].envFrom: the value is "true"; use true, or a map'],
    [
      '- { secret: db, envFrom: { case: Upper } }',
      '@[0].envFrom.case: the value is "Upper"; use upper, lower or keep (did you mean upper?)',
    ],
    [
      '- { secret: db, envFrom: { include: [] } }',
      '@[0].envFrom.include: the list is empty; use a list of keys',
    ],
    [
      '- { secret: db, envFrom: { include: ["a*"] } }',
      '@[0].envFrom.include[0]: the value is "a*"; use complete keys',
    ],
    [
      '- { secret: db, envFrom: { include: [b, a], exclude: ["c", a] } }',
      '@[0].envFrom: both include and exclude contain "a"',
    ],
    ['- { secret: db, filesFrom: { include: [a] } }', '@[0].filesFrom.directory: the field is missing'],
    [
      '- { secret: db, filesFrom: { directory: d, include: [a], exclude: [a] } }',
      '@[0].filesFrom: both include and exclude contain "a"',
    ],
    ['- { secret: db, envFrom: true, containers: [] }', '@[0].containers: the list is empty'],
    ['- { secret: db, envFrom: true, containers: "" }', '@[0].containers: the value is empty; use a list'],
    ['- { secret: db, envFrom: true, containers: app }', '@[0].containers: the value is "app"; use a list'],
    [
      '- { secret: db, envFrom: true, optional: "true" }',
      '@[0].optional: the value is "true"; use true or false without quotes',
    ],
    [
      '- { secret: db, envFrom: true, optional: yes }',
      '@[0].optional: the value is "yes"; use true or false',
    ],
    [
      '- { secret: db, envFrom: true, versionStage: a, versionId: b }',
      'REFERENCE_STAGE_AND_ID @[0]: the map has both versionStage',
    ],
    [
      '- { secret: db, envFrom: true, failover: us-east-1 }',
      '@[0].failover: the value is "us-east-1"; use a list of Regions such as [us-east-1]',
    ],
    ['- { secret: db, envFrom: true, failover: [] }', '@[0].failover: the list is empty'],
    [
      '- { secret: db, envFrom: true, failover: [Frankfurt] }',
      '@[0].failover[0]: the value is "Frankfurt"; use the name of a Region such as us-east-1',
    ],
    [
      '- { secret: db, envFrom: true, failover: [us-east-1, us-east-2, us-west-1, us-west-2, ca-west-1] }',
      '@[0].failover: the value is a list of 5; use at most 4 elements',
    ],
  ])('%s', (text, complaint) => {
    const complaints = complaintsOf(text);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(complaint);
  });

  it.each([
    ['""', 'f: the value is empty; use the name of a top-level key, or {} for the whole value'],
    ['', 'f: the value is missing; use the name'],
    ['null', 'f: the value is null; use the name'],
    ['[a]', 'f: the value is a list of 1; use the name'],
    ['{ key: "" }', 'f.key: the value is empty'],
    ['{ key: }', 'f.key: the value is missing'],
    ['{ kye: a }', 'f.kye: the field does not exist here; did you mean key?'],
    ['{ mode: "400" }', 'f.mode: the value is "400"; use four octal digits'],
    ['{ mode: "0200" }', 'f.mode: the value is "0200"'],
    ['{ mode: "4400" }', 'f.mode: the value is "4400"'],
    ['{ mode: "0800" }', 'f.mode: the value is "0800"'],
    ['{ decode: Base64 }', 'f.decode: the value is "Base64"; use base64 (did you mean base64?)'],
    ['{ format: xml }', 'f.format: the value is "xml"; use shell, dotenv'],
    ['{ escape: json }', 'f: the map has escape without template'],
    ['{ key: a, jmesPath: b }', 'f: the map has both key and jmesPath'],
    ['{ default: a, optional: false }', 'f: the map has default together with optional: false'],
    ...['key: a', 'jmesPath: a', 'decode: base64', 'format: json', 'pem: certificates', 'default: a'].map(
      (other) => [`{ template: t, ${other} }`, `f: the map has both template and ${other.split(':')[0]}`],
    ),
    ...['key: a', 'jmesPath: a', 'decode: base64', 'pem: certificates'].map((other) => [
      `{ format: json, ${other} }`,
      `f: the map has both format and ${other.split(':')[0]}`,
    ]),
  ])('a file %s', (file, complaint) => {
    const complaints = complaintsOfFile(file);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(`@[0].files.${complaint}`);
  });

  it.each([
    '{ default: a, optional: true }',
    '{ default: "" }',
    '{ format: json, mode: "0444", default: "{}" }',
    '{ jmesPath: a, decode: base64, pem: private-key }',
  ])('a file %s is fine', (file) => expect(complaintsOfFile(file)).toEqual([]));

  it('a variable has none of the fields that are for files', () => {
    for (const field of ['mode: "0400"', 'format: json', 'template: a', 'escape: raw', 'pem: certificates'])
      expect(complaintsOfVariable(`{ ${field} }`)[0]).toContain('the field does not exist here');
  });

  it('names all problems at once, also those that fields have with each other', () => {
    expect(complaintsOfFile('{ key: 5, jmesPath: a, mod: x, optional: "no" }')).toHaveLength(4);
  });

  it('refuses more than 100 entries, and more than 500 things asked for', () => {
    const entries = (count: number) => '- { secret: db, envFrom: true }\n'.repeat(count);
    expect(complaintsOf(entries(100))).toEqual([]);
    expect(complaintsOf(entries(101))).toEqual([
      'SECRETS_ENTRY_INVALID @: the value is a list of 101; use at most 100 entries',
    ]);
    const names = (count: number) =>
      `- secret: db\n  env:\n${Array.from({ length: count }, (_, index) => `    A${index}: a\n`).join('')}`;
    expect(complaintsOf(names(500))).toEqual([]);
    expect(complaintsOf(names(501))[0]).toMatch(
      /^TOO_MANY_REFERENCES @: the form requests 501 variables and files/,
    );
  });
});

describe('YAML', () => {
  it.each([
    ['- { secret: "db }', 'a quote is not closed (line 1, column 18)'],
    ['- { secret: db', 'a bracket is not closed (line 1'],
    ['- secret: db\n  env:\n\tA: b', 'the indentation contains a tab (line 3'],
    ['- secret: db\n   env: {}', 'the indentation or the syntax is wrong (line 2, column 7)'],
    ['- secret: db\n  env: {A: a, , B: b}', 'there is one comma too many (line 2'],
    ['- secret: "\\q"', 'a "\\" escape in double quotes is unknown'],
    ['- secret: a\0b', 'the text contains a NUL character (line 1, column 12)'],
    ['- secret: db\nenvFrom: true', 'there is text after the end (line 2'],
    ['['.repeat(100), 'the nesting is too deep'],
  ])('%j is no YAML, and the message says where', (text, what) => {
    const complaints = complaintsOf(text);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/^SECRETS_YAML_INVALID @: the text is not valid YAML: /);
    expect(complaints[0]).toContain(what);
  });

  it.each([
    ['- { secret: db, envFrom: true, secret: b }', '@[0].secret: the map contains this key twice'],
    ['- { secret: db, env: { A: a, "A": b } }', '@[0].env.A: the map contains this key twice'],
    [
      '- { secret: db, env: { __proto__: a, __proto__: b } }',
      '@[0].env.__proto__: the map contains this key twice',
    ],
    ['- &a { secret: db, envFrom: true }', '@[0]: anchors ("&name") are not supported'],
    ['- { secret: *a, envFrom: true }', '@[0].secret: aliases ("*name") are not supported'],
    ['- { secret: db, env: { A: *a } }', '@[0].env.A: aliases'],
    ['- { secret: db, env: { A: !!str 5 } }', '@[0].env.A: tags ("!name") are not supported'],
    ['- !x { secret: db, envFrom: true }', '@[0]: tags'],
    ['- { secret: db, envFrom: true, <<: { optional: true } }', '@[0]: merge keys ("<<") are not supported'],
    ['- { secret: db, envFrom: true, 1: a }', '@[0]: a key is 1, not text; quote the key'],
    ['- { secret: db, envFrom: true, ? [a] : a }', '@[0]: a key is a list or map'],
    ['- { secret: db, envFrom: true, "a\\0": a }', '@[0]: a key contains a NUL character'],
    [
      '- { secret: db, envFrom: true }\n---\n- { secret: db, envFrom: true }',
      '@: the text contains a second document',
    ],
    ['%YAML 1.1\n---\n- { secret: db, envFrom: true }', '@: directives (lines'],
    [`- { secret: db, envFrom: true }${' '.repeat(256 * 1024)}`, '@: the text is longer than 256 KiB'],
    [`[${'a,'.repeat(45_000)}]`, '@: the text has too many keys and values'],
  ])('refuses what is no part of it: %#', (text, complaint) => {
    const complaints = complaintsOf(text);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(`SECRETS_YAML_INVALID ${complaint}`);
  });

  it('one document may begin and end with its markers, and quoted "<<" is a name', () => {
    expect(complaintsOf('---\n- { secret: db, files: { "<<": {} } } # c\n...\n')).toEqual([]);
  });

  it('no message repeats much of a long text', () => {
    const long = 'x'.repeat(10_000);
    for (const text of [
      `- { secret: db, env: { A: { ${long}: 1 } } }`,
      `- { secret: db, env: { ${long}: ${'9'.repeat(10_000)} } }`,
      `- { secret: db, envFrom: { case: ${long} } }`,
      `- { ? ${long} : 1, ${'9'.repeat(1000)}: 1 }`,
      `- !${long} a`,
      `- "${long}`,
    ]) {
      const complaints = complaintsOf(text);
      expect(complaints.length).toBeGreaterThan(0);
      for (const complaint of complaints) expect(complaint.length).toBeLessThan(400);
    }
  });
});

it('lists every field with its documentation', () => {
  const fields = formFields();
  expect(fields.filter(({ doc }) => !/^[A-Z].*\.$/.test(doc))).toEqual([]);
  expect(fields.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['env.<name>.default', 'filesFrom.mode']),
  );
  expect(fields.find(({ path }) => path === 'envFrom.case')).toEqual({
    path: 'envFrom.case',
    type: '`upper`, `lower`, `keep`',
    required: false,
    default: 'keep',
    doc: 'Whether to change keys to upper or lower case.',
  });
});
