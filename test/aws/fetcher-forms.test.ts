/** From annotations to files: the webhook's core makes the plan, the built bundles fetch, render and write. */
import { readlinkSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planFor } from '../fetcher/asked-plan.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { buildFetcherBundle } from '../fetcher/bundle.ts';
import { arnOf } from '../fetcher/plans.ts';
import type { Finished } from '../fetcher/stage.ts';

const WATCH = ['--require', path.resolve(import.meta.dirname, '../fetcher/watch-files.cjs')];
const DB = arnOf('shop/db');
const TOKEN = arnOf('shop/token');
const CONTENT = JSON.stringify({
  username: 'shop',
  password: 'it\'s "secret"',
  endpoints: [{ host: 'db.internal', port: 5432 }],
  tls: { key: btoa('\0\xff\x80') },
  temp: 'x',
});

let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: DB, value: CONTENT.replace('5432', '5432.0') });
});
afterAll(() => aws.stop());

const form = (secrets: string, more: Readonly<Record<string, string>> = {}) =>
  planFor({ secrets, 'env-mode': 'shell', ...more });
const text = (file: string, volume?: string) => aws.stage.read(file, volume).toString();
const modeOf = (file: string) => (statSync(path.join(aws.stage.volume(), file)).mode & 0o777).toString(8);
const bundlesRead = ({ stderr }: Finished) =>
  ['jmespath', 'template'].filter((name) => stderr.includes(`${path.sep}${name}.cjs`));
const asked = (arn: string) =>
  aws.standIn.requests.filter(
    (request) => request.operation === 'GetSecretValue' && request.secretId === arn,
  );

it('brings everything that a form can ask for, beside the short form', async () => {
  const plan = form(
    `- secret: db
  env:
    DB_USER: username
    DB_PASSWORD: password
    DB_HOST: { jmesPath: "endpoints[0].host", optional: true, default: localhost }
    DB_ZONE: { jmesPath: "endpoints[0].zone", default: none }
  envFrom: { prefix: ALL_, case: upper, include: [username] }
  files:
    db.json: {}
    tls/deep/key: { jmesPath: tls.key, decode: base64, mode: "0644" }
    db.yaml: { format: yaml }
    app.conf:
      escape: json
      template: |
        {{#endpoints}}
        host = {{host}}
        port = {{port}}
        {{/endpoints}}
        password = {{password}}
  filesFrom: { directory: keys/all, exclude: [endpoints, tls, t*p], mode: "0777" }
`,
    { 'secret.db': DB, 'file.raw': 'db:password' },
  );
  const finished = await aws.stage.run(plan, {}, WATCH);
  expect([finished.code, finished.termination]).toEqual([0, '']);
  expect(text('env')).toBe(
    "DB_USER='shop'\nDB_PASSWORD='it'\\''s \"secret\"'\nDB_HOST='db.internal'\nDB_ZONE='none'\nALL_USERNAME='shop'\n",
  );
  expect(text('db.json')).toBe(CONTENT.replace('5432', '5432.0'));
  expect(aws.stage.read('tls/deep/key')).toEqual(Buffer.from([0, 255, 128]));
  expect(text('db.yaml')).toContain('"port": 5432.0\n');
  expect(text('app.conf')).toBe('host = "db.internal"\nport = 5432.0\npassword = "it\'s \\"secret\\""\n');
  expect([text('keys/all/username'), text('keys/all/password'), text('raw')]).toEqual([
    'shop',
    'it\'s "secret"',
    'it\'s "secret"',
  ]);
  expect(['env', 'tls/deep/key', 'keys/all/username'].map(modeOf)).toEqual(['444', '644', '777']);
  expect(bundlesRead(finished)).toEqual(['jmespath', 'template']);
  expect(asked(DB)).toHaveLength(1);
});

describe('engines are read', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'never for keys, dialects and decoding',
      '{ a: { key: password }, b: { format: json }, c: { key: username, default: x } }',
      [],
    ],
    ['for an expression', '{ a: { jmesPath: username } }', ['jmespath']],
    ['for a template', '{ a: { template: "{{username|raw}}" } }', ['template']],
  ])('%s', async (_name, files, bundles) => {
    const finished = await aws.stage.run(form(`- secret: ${DB}\n  files: ${files}\n`), {}, WATCH);
    expect(finished.code).toBe(0);
    expect(finished.stderr).toContain('secrets-manager.cjs');
    expect(bundlesRead(finished)).toEqual(bundles);
  });
});

it('gives containers with different sets volumes of their own', async () => {
  aws.standIn.putSecret({ arn: TOKEN, value: 'for one alone' });
  const plan = form(
    `- { secret: ${DB}, env: { DB_USER: username } }
- { secret: ${TOKEN}, files: { token: {} }, containers: [other] }
`,
  );
  expect(plan.views).toHaveLength(2);
  expect((await aws.stage.run(plan)).code).toBe(0);
  const [first = '', second = ''] = plan.views.map((view) => view.volume);
  expect(aws.stage.listing(first).filter((name) => !name.startsWith('..'))).toEqual(['env']);
  expect(aws.stage.listing(second).filter((name) => !name.startsWith('..'))).toEqual(['env', 'token']);
  expect([text('token', second), text('env', second)]).toEqual(['for one alone', "DB_USER='shop'\n"]);
});

it('proves a kubelet with a file that contains no secret, beside native variables', async () => {
  const plan = form(`- { secret: ${DB}, env: { DB_USER: username } }\n`, { 'env-mode': 'native' });
  expect((await aws.stage.run(plan)).code).toBe(0);
  expect([text('env'), text('.probe')]).toEqual(["DB_USER='shop'\n", "SECRETS_INJECTOR_PROBE='ok'\n"]);
});

describe('a second run', () => {
  it('writes nothing when nothing changed', async () => {
    const plan = form(
      `- secret: ${DB}\n  files: { a/b/c: { jmesPath: username, mode: "0644" } }\n  filesFrom: { directory: empty, exclude: ["*"] }\n`,
    );
    expect((await aws.stage.run(plan)).stdout).toMatch(/^wrote 1 file/);
    const before = readlinkSync(path.join(aws.stage.volume(), '..data'));
    expect((await aws.stage.run(plan)).stdout).toMatch(/^kept 1 file/);
    expect(readlinkSync(path.join(aws.stage.volume(), '..data'))).toBe(before);
  });

  it('writes when a mode alone changed, or a directory that stays empty', async () => {
    const files = (mode: string, more = '') =>
      form(`- secret: ${DB}\n  files: { a: { mode: "${mode}" } }\n${more}`);
    await aws.stage.run(files('0644'));
    expect((await aws.stage.run(files('0444'))).stdout).toMatch(/^wrote/);
    expect(modeOf('a')).toBe('444');
    const empty = '  filesFrom: { directory: d, exclude: ["*"] }\n';
    expect((await aws.stage.run(files('0444', empty))).stdout).toMatch(/^wrote/);
    expect(statSync(path.join(aws.stage.volume(), 'd')).isDirectory()).toBe(true);
  });

  it('makes a directory of a file and a file of a directory, and leaves nothing of either', async () => {
    const asFile = form(`- secret: ${DB}\n  files: { a: { key: username }, b/c: { key: temp } }\n`);
    const asDirectory = form(`- secret: ${DB}\n  files: { a/x/y: { key: temp }, b: { key: username } }\n`);
    for (const round of [1, 2]) {
      expect((await aws.stage.run(asFile)).code, `round ${round}`).toBe(0);
      expect([text('a'), text('b/c')]).toEqual(['shop', 'x']);
      expect((await aws.stage.run(asDirectory)).code, `round ${round}`).toBe(0);
      expect([text('a/x/y'), text('b')]).toEqual(['x', 'shop']);
      const hidden = readlinkSync(path.join(aws.stage.volume(), '..data'));
      expect(aws.stage.listing()).toEqual(['..data', hidden, 'a', 'b'].toSorted());
    }
  });

  it('keeps the old files whole when the new ones cannot be rendered', async () => {
    const plan = form(`- secret: ${DB}\n  files: { a: { key: username } }\n  env: { A: temp }\n`);
    await aws.stage.run(plan);
    aws.standIn.putSecret({ arn: DB, value: '{"username":"new"}' });
    expect((await aws.stage.run(plan)).code).toBe(14);
    expect([text('a'), text('env')]).toEqual(['shop', "A='x'\n"]);
  });
});

describe('a secret that is not there', () => {
  const GONE = arnOf('shop/gone');

  it('is asked for once when it is optional, and everything about it is left out', async () => {
    const plan = form(
      `- secret: ${GONE}
  optional: true
  env: { A: a, B: { key: b, default: "b" }, C: { jmesPath: c } }
  envFrom: true
  files: { f: {}, g: { template: "{{a|raw}}" }, h: { default: "h" } }
  filesFrom: { directory: d }
- { secret: ${DB}, env: { DB_USER: username } }
`,
    );
    const finished = await aws.stage.run(plan, {}, WATCH);
    expect([finished.code, finished.termination]).toEqual([0, '']);
    expect(asked(GONE)).toHaveLength(1);
    expect(text('env')).toBe("B='b'\nDB_USER='shop'\n");
    expect(aws.stage.listing().filter((name) => !name.startsWith('..'))).toEqual(['d', 'env', 'h']);
    expect(text('h')).toBe('h');
    expect(bundlesRead(finished)).toEqual([]);
  });

  it('is asked for again when one of several cannot do without it', async () => {
    const virtual = ['--require', path.resolve(import.meta.dirname, '../fetcher/no-waiting.cjs')];
    const plan = form(`- secret: ${GONE}\n  env: { A: { key: a, optional: true }, B: b }\n`);
    const finished = await aws.stage.run(plan, {}, virtual);
    expect(finished.code).toBe(12);
    expect(finished.termination).toMatch(
      /^SECRET_NOT_FOUND secrets-injector\.dev\/secrets\[0\]\.env\.A, secrets-injector/,
    );
    expect(asked(GONE)).toHaveLength(4);
  });

  it('does not excuse one that may not be read', async () => {
    const virtual = ['--require', path.resolve(import.meta.dirname, '../fetcher/no-waiting.cjs')];
    aws.standIn.script('GetSecretValue', { kind: 'denied', times: 'forever' });
    const plan = form(`- secret: ${GONE}\n  optional: true\n  env: { A: a }\n`);
    expect((await aws.stage.run(plan, {}, virtual)).code).toBe(11);
  });
});

it('tells versions and stages of one secret apart', async () => {
  const id = 'a1b2c3d4-0000-4000-8000-000000000001';
  aws.standIn.putSecret({
    arn: TOKEN,
    versions: [
      { id, stages: ['mine'], value: 'by id or label' },
      { stages: ['AWSPREVIOUS'], value: 'previous' },
      { stages: ['AWSCURRENT'], value: 'current' },
    ],
  });
  const plan = form(
    `- { secret: ${TOKEN}, files: { current: {} } }
- { secret: ${TOKEN}, versionStage: AWSPREVIOUS, files: { previous: {} } }
- { secret: ${TOKEN}, versionStage: mine, files: { labelled: {} } }
- { secret: ${TOKEN}, versionId: ${id}, files: { named: {} } }
- { secret: ${TOKEN}, versionStage: gone, optional: true, files: { gone: {} } }
`,
  );
  expect((await aws.stage.run(plan)).code).toBe(0);
  expect(['current', 'previous', 'labelled', 'named'].map((name) => text(name))).toEqual([
    'current',
    'previous',
    'by id or label',
    'by id or label',
  ]);
  expect(aws.stage.listing()).not.toContain('gone');
  expect(asked(TOKEN)).toHaveLength(5);
});

it('splits a bundle, and warns of its certificate’s end with exit 0', async () => {
  const day = 86_400_000;
  const made = await generate([{ name: 'commonName', value: 'shop' }], {
    keyType: 'ec',
    curve: 'P-256',
    notBeforeDate: new Date(Date.now() - 10 * day),
    notAfterDate: new Date(Date.now() - 3.5 * day),
  });
  const bundle = `${made.private.trimEnd()}\n${made.cert.trimEnd()}\n`;
  aws.standIn.putSecret({ arn: TOKEN, value: bundle });
  const plan = form(
    `- secret: ${TOKEN}
  files: { tls/tls.crt: { pem: certificates }, tls/tls.key: { pem: private-key } }
`,
  );
  const finished = await aws.stage.run(plan);
  const warning = `secrets-injector.dev/secrets[0].files["tls/tls.crt"]: certificate in secret ${TOKEN} expired 3 days ago`;
  expect([finished.code, finished.stderr, finished.termination]).toEqual([0, '', warning]);
  expect(finished.stdout).toMatch(/^wrote 2 files/);
  expect(text('tls/tls.crt')).toBe(`${made.cert.trimEnd()}\n`);
  expect(text('tls/tls.key')).toBe(`${made.private.trimEnd()}\n`);
  // What is already in place is warned of all the same.
  expect((await aws.stage.run(plan)).termination).toBe(warning);
});

it('refuses an engine that is not in the image as its own fault', async () => {
  const bundle = await buildFetcherBundle();
  rmSync(path.join(bundle.directory, 'jmespath.cjs'));
  const plan = form(`- secret: ${DB}\n  files: { a: { jmesPath: username } }\n`);
  const finished = await aws.stage.run(plan, {}, ['--no-warnings'], bundle.entry);
  bundle.remove();
  expect([finished.code, finished.termination.split(' ', 1)]).toEqual([70, ['FETCH_INTERNAL']]);
});
