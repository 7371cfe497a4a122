/** The files of a view: documents, templates, parts of bundles, modes, directories, and keys that are in each other's way. */
import { describe, expect, it } from 'vitest';
import type { PlanDirectory, PlanFile, PlanView } from '../../../../src/core/plan/plan.ts';
import { renderViews } from '../../../../src/core/render/render.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { arnOf, planOf, viewOf } from '../../../fetcher/plans.ts';
import { type Content, complaintsOf, ENGINES, filesOf, render } from './rendering.ts';

const ARN = arnOf('one');
const F = 'secrets-injector.dev/file.f';
const D = 'secrets-injector.dev/secrets[0].filesFrom';
const BODY = 'MAo=';
const CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${BODY}\n-----END CERTIFICATE-----\n`;
const KEY = `-----BEGIN PRIVATE KEY-----\n${BODY}\n-----END PRIVATE KEY-----\n`;

const file = (entry: Partial<PlanFile>): Partial<PlanView> => ({
  files: [{ path: 'f', secret: 0, ...entry }],
});
const directory = (entry: Partial<PlanDirectory>, view: Partial<PlanView> = {}): Partial<PlanView> => ({
  filesFrom: [{ directory: 'd', secret: 0, entry: 0, ...entry }],
  ...view,
});

describe('a secret in a dialect', () => {
  const CONTENT = '{"text":"a b","number":1.50,"flag":true,"object":{"a": [1.0]}}';
  it.each([
    ['shell', "text='a b'\nnumber='1.50'\nflag='true'\nobject='{\"a\":[1.0]}'\n"],
    ['dotenv', "text='a b'\nnumber='1.50'\nflag='true'\nobject='{\"a\":[1.0]}'\n"],
    ['docker', 'text=a b\nnumber=1.50\nflag=true\nobject={"a":[1.0]}\n'],
    ['systemd', 'text="a b"\nnumber="1.50"\nflag="true"\nobject="{\\"a\\":[1.0]}"\n'],
    ['properties', 'text=a b\nnumber=1.50\nflag=true\nobject={"a"\\:[1.0]}\n'],
    [
      'json',
      '{\n  "text": "a b",\n  "number": 1.50,\n  "flag": true,\n  "object": {\n    "a": [\n      1.0\n    ]\n  }\n}\n',
    ],
    ['yaml', '"text": "a b"\n"number": 1.50\n"flag": true\n"object":\n  "a":\n    - 1.0\n'],
  ] as const)('%s', (format, text) => {
    expect(filesOf(file({ format }), CONTENT)).toEqual({ f: text });
    expect(filesOf(file({ format, optional: true }), undefined)).toEqual({});
  });

  it.each<[NonNullable<PlanFile['format']>, Content, readonly string[]]>([
    [
      'docker',
      '{"a":"canary\\n","fine":"canary","b":null}',
      ['key "b" of secret ARN is null', 'key "a" of secret ARN contains a newline'],
    ],
    ['shell', '["canary"]', ['secret ARN is not a JSON object']],
    ['shell', '{"UID":"canary"}', ['key "UID" of secret ARN has a name that shells reserve']],
    ['properties', '{"a":"canary\\ud800"}', ['key "a" of secret ARN contains half of a surrogate pair']],
    ['yaml', '{"a":{"\\ud800":"canary"}}', ['key "a" of secret ARN contains half of a surrogate pair']],
    [
      'json',
      `{"a":${'['.repeat(65)}"canary"${']'.repeat(65)}}`,
      ['key "a" of secret ARN is nested more than 64 levels deep'],
    ],
    ['json', '"canary\\ud800"', ['secret ARN contains half of a surrogate pair']],
  ])('%s cannot carry %s', (format, content, faults) => {
    expect(complaintsOf(file({ format }), content)).toEqual(
      faults.map(
        (fault) =>
          `VALUE_NOT_REPRESENTABLE ${F}: ${fault.replace('ARN', ARN)}, which the format ${format} cannot represent`,
      ),
    );
  });

  it('of text that is no JSON', () => {
    expect(complaintsOf(file({ format: 'json' }), 'canary')).toEqual([
      `VALUE_NOT_JSON ${F}: secret ${ARN} is not JSON`,
    ]);
  });
});

describe('a template', () => {
  it('is filled, and left out with its secret', () => {
    const template = file({ template: 'p={{p}}{{#l}} {{.|raw}}{{/l}}', escape: 'json' });
    expect(filesOf(template, '{"p":"a\\"b","l":[1.0,"x"]}')).toEqual({ f: 'p="a\\"b" 1.0 x' });
    expect(filesOf(file({ template: 'x', optional: true }), undefined)).toEqual({});
  });

  it('tells everything that is wrong, and no value', () => {
    const template = file({ template: '{{gone|raw}}{{none|raw}}{{quoted|shell}}' });
    const told = complaintsOf(template, '{"none":null,"quoted":"canary\\u0000"}');
    expect(told).toHaveLength(3);
    for (const one of told)
      expect(one).toMatch(
        /^VALUE_NOT_REPRESENTABLE secrets-injector\.dev\/file\.f: the template, filled from secret arn:\S+, inserts "(gone|none|quoted)"/,
      );
    expect(complaintsOf(file({ template: 'x' }), 'canary')[0]).toContain('VALUE_NOT_JSON');
  });

  it('that a plan brings and nobody checked is told too', () => {
    expect(complaintsOf(file({ template: '{{#open}}' }), '{}')[0]).toContain(`VALUE_NOT_REPRESENTABLE ${F}`);
    expect(complaintsOf(file({ jmesPath: '[' }), '{}')[0]).toContain(`VALUE_NOT_SELECTABLE ${F}`);
  });
});

describe('a part of a bundle', () => {
  it('is picked, from a key or from decoded bytes', () => {
    const bundle = JSON.stringify({ b: `text\n${CERTIFICATE}${KEY}`, e: btoa(KEY) });
    expect(filesOf(file({ key: 'b', pem: 'certificates' }), bundle)).toEqual({ f: CERTIFICATE });
    expect(filesOf(file({ key: 'b', pem: 'private-key' }), bundle)).toEqual({ f: KEY });
    expect(filesOf(file({ key: 'e', decode: 'base64', pem: 'private-key' }), bundle)).toEqual({ f: KEY });
    expect(filesOf(file({ key: 'gone', pem: 'private-key', optional: true }), bundle)).toEqual({});
  });

  it('says for certificates alone who asked for them', () => {
    const rendered = render(
      {
        files: [
          { path: 'c', secret: 0, pem: 'certificates' },
          { path: 'k', secret: 0, pem: 'private-key' },
        ],
      },
      CERTIFICATE + KEY,
    );
    const views = rendered.ok ? rendered.value : [];
    const asked = views.flatMap((one) => one.files.map((each) => each.certificatesOf));
    expect(asked).toEqual([{ subject: 'secrets-injector.dev/file.c', arn: ARN }, undefined]);
  });

  it.each<[NonNullable<PlanFile['pem']>, Content, string]>([
    ['certificates', KEY, 'contains no PEM certificate'],
    ['private-key', `${KEY}${KEY}`, 'contains 2 private keys, not one'],
    ['private-key', KEY.replace('\n', ' '), 'contains PEM whose BEGIN and END are not on separate lines'],
    ['private-key', Uint8Array.of(0xff), 'is not text'],
    ['certificates', 'canary', 'contains no PEM certificate'],
  ])('%s', (pem, content, fault) => {
    const told = complaintsOf(file({ pem }), content);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`VALUE_NOT_REPRESENTABLE ${F}: secret ${ARN} ${fault}`);
  });
});

describe('keys as files', () => {
  const CONTENT = '{"a.txt":"1","b":"2","tmp-1":"3","n":null}';
  it.each<[string, Partial<PlanDirectory>, object]>([
    ['all but some', { exclude: ['n', 't*1'] }, { 'd/a.txt': '1', 'd/b': '2' }],
    ['only some', { include: ['b', 'a.txt'] }, { 'd/a.txt': '1', 'd/b': '2' }],
    ['some without others', { include: ['b', 'tmp-1'], exclude: ['tmp*'] }, { 'd/b': '2' }],
    ['what is not null, when optional', { optional: true, include: ['n', 'b', 'gone'] }, { 'd/b': '2' }],
    ['in a directory of a directory', { directory: 'x/y', include: ['b'] }, { 'x/y/b': '2' }],
  ])('%s', (_name, entry, files) => {
    expect(filesOf(directory(entry), CONTENT)).toEqual(files);
  });

  it.each<[string, string]>([
    [
      '{"a/b":"canary"}',
      'VALUE_NAME_INVALID D: key "a/b" is not a valid file name: it contains "/" or a control character',
    ],
    ['{"..":"canary"}', 'VALUE_NAME_INVALID D: key ".." is not a valid file name: it starts with ".."'],
    [
      '{"a\\u0000":"canary"}',
      'VALUE_NAME_INVALID D: key "a?" is not a valid file name: it contains "/" or a control character',
    ],
    [
      '{"\\ud800":"canary"}',
      'VALUE_NAME_INVALID D: key "?" is not a valid file name: it contains half of a surrogate pair',
    ],
    [
      `{"${'é'.repeat(128)}":"canary"}`,
      `VALUE_NAME_INVALID D: key "${'é'.repeat(64)}…" is not a valid file name: it is longer than 255 bytes`,
    ],
  ])('refuses %s', (content, complaint) => {
    expect(complaintsOf(directory({}), content)).toEqual([complaint.replace('D:', `${D}:`)]);
  });

  it('tells each key that is missing or null, and a value that has no UTF-8 form', () => {
    const told = complaintsOf(directory({ include: ['gone', 'n', 'h'] }), '{"n":null,"h":"canary\\ud800"}');
    expect(told).toEqual([
      `VALUE_KEY_MISSING ${D}: secret ${ARN} has no key "gone"`,
      `VALUE_KEY_MISSING ${D}: key "n" of secret ${ARN} is null`,
      `VALUE_NOT_REPRESENTABLE ${D}: a value of secret ${ARN} contains half of a surrogate pair, which UTF-8 cannot represent`,
    ]);
  });

  const BELOW = { files: [{ path: 'd/k/deep', secret: 0 }] };
  const INSIDE = {
    filesFrom: [
      { directory: 'd', secret: 0, entry: 0 },
      { directory: 'd/k', secret: 1, entry: 1 },
    ],
  };
  it.each<[string, Partial<PlanView>, string]>([
    ['a directory of a file', directory({}, BELOW), 'secrets-injector.dev/file.d/k/deep'],
    ['a directory of keys', INSIDE, 'secrets-injector.dev/secrets[1].filesFrom'],
  ])('refuses a key whose place has %s, or skips it', (_name, view, taker) => {
    expect(complaintsOf(view, '{"k":"canary"}', '{}')).toEqual([
      `VALUE_NAME_TAKEN ${D}: ${taker} already provides a directory with the name of key "k"`,
    ]);
    const filesFrom = view.filesFrom?.map((entry) => ({ ...entry, onCollision: 'skip' as const })) ?? [];
    expect(Object.keys(filesOf({ ...view, filesFrom }, '{"k":"v","other":"w"}', '{}'))).toContain('d/other');
  });

  it('a file that is requested by name wins over a key, even if it is absent', () => {
    const named = (key: string) => ({ files: [{ path: 'd/k', secret: 0, key, optional: true as const }] });
    const content = '{"k":"v","other":"w"}';
    expect(filesOf(directory({}, named('other')), content)).toEqual({ 'd/k': 'w', 'd/other': 'w' });
    expect(filesOf(directory({}, named('gone')), content)).toEqual({ 'd/other': 'w' });
  });
});

it('gives each file its own mode or the view’s, and names every directory once', () => {
  const view: Partial<PlanView> = {
    fileMode: '0440',
    env: [{ name: 'A', secret: 0, key: 'k' }],
    files: [
      { path: 'top', secret: 0 },
      { path: 'a/b/c', secret: 0, mode: '0400' },
      { path: 'a/x', secret: 0, mode: '0777' },
    ],
    filesFrom: [
      { directory: 'a/keys', secret: 0, mode: '0444' },
      { directory: 'empty/one', secret: 0, exclude: ['*'] },
    ],
  };
  const views = render(view, '{"k":"v"}');
  const [rendered] = views.ok ? views.value : [];
  if (rendered === undefined) throw new Error('it renders');
  expect(rendered.directories).toEqual(['a', 'a/b', 'a/keys', 'empty', 'empty/one']);
  expect(rendered.files.map(({ path, mode }) => `${path} ${mode.toString(8)}`)).toEqual([
    'env 440',
    'top 440',
    'a/b/c 400',
    'a/x 777',
    'a/keys/k 444',
  ]);
});

it('renders every view by itself, and tells the problems of all', () => {
  const views = [
    viewOf({
      env: [{ name: 'A', secret: 0, key: 'k' }],
      format: 'json',
      receivers: { native: [], shell: [], file: ['a'] },
    }),
    viewOf({ volume: 'aws-secrets-1', files: [{ path: 'f', secret: 1 }], fileMode: '0400' }),
  ];
  const plan = { ...planOf([ARN, arnOf('two')], {}), views };
  const rendered = renderViews(plan, [new SecretValue('{"k":"v"}'), new SecretValue('w')], ENGINES);
  expect(rendered).toMatchObject({
    value: [
      { volume: 'aws-secrets', files: [{ path: 'env', mode: 0o444 }] },
      { volume: 'aws-secrets-1', files: [{ path: 'f', mode: 0o400 }] },
    ],
  });
  const broken = renderViews(plan, [new SecretValue('{}'), new SecretValue('\ud800')], ENGINES);
  expect(broken).toMatchObject({
    problem: [{ code: 'VALUE_KEY_MISSING' }, { code: 'VALUE_NOT_REPRESENTABLE' }],
  });
});

it('a secret that grows beyond its room in another format is a problem, not a full volume', () => {
  let nested: unknown = Array.from({ length: 8000 }, () => 1);
  for (let depth = 0; depth < 60; depth += 1) nested = { k: nested };
  const json = JSON.stringify(nested);
  expect(json.length).toBeLessThan(65_536);
  expect(complaintsOf(file({ format: 'json' }), json)).toEqual([
    `VALUE_NOT_REPRESENTABLE ${F}: secret ${ARN} takes more than 256 KiB in the format json`,
  ]);
});
