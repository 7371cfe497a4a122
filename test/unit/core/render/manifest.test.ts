import { expect, it } from 'vitest';
import { roomFor } from '../../../../src/core/decide/manifest-file.ts';
import { MAX_SECRET_BYTES } from '../../../../src/core/limits.ts';
import type { PlanView } from '../../../../src/core/plan/plan.ts';
import { manifestText } from '../../../../src/core/render/manifest.ts';
import { renderViews } from '../../../../src/core/render/render.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { arnOf, planOf, viewOf } from '../../../fetcher/plans.ts';
import { type Content, render } from './rendering.ts';

const SECRET = '{"user":"u","password":"p","none":null,"PATH":"x","a.b":"y","nested":{"x":1}}';
const TIME = '2026-11-26T10:00:00.000Z';

/** The keys of each secret in the manifest of a view. */
function keysOf(view: Partial<PlanView>, ...contents: readonly Content[]): readonly (readonly string[])[] {
  const rendered = render({ ...view, manifest: true }, ...contents);
  if (!rendered.ok) throw new Error(rendered.problem.map(({ wrong }) => wrong).join());
  const manifest = rendered.value[0]?.manifest;
  return manifest?.secrets.map((secret) => [...(manifest.keys.get(secret) ?? [])]) ?? [];
}

it.each<readonly [string, Partial<PlanView>, readonly string[]]>([
  ['a key of a variable', { env: [{ name: 'A', secret: 0, key: 'user' }] }, ['user']],
  ['a key of a file', { files: [{ path: 'a', secret: 0, key: 'nested' }] }, ['nested']],
  [
    'a key that is used twice',
    { env: [{ name: 'A', secret: 0, key: 'user' }], files: [{ path: 'a', secret: 0, key: 'user' }] },
    ['user'],
  ],
  ['the whole value', { files: [{ path: 'a', secret: 0 }] }, []],
  ['an expression', { files: [{ path: 'a', secret: 0, jmesPath: 'nested.x' }] }, []],
  ['a template', { files: [{ path: 'a', secret: 0, template: '{{user|raw}}' }] }, []],
  ['another format', { files: [{ path: 'a', secret: 0, format: 'json' }] }, []],
  ['a missing key', { env: [{ name: 'A', secret: 0, key: 'gone', optional: true }] }, []],
  ['a default', { env: [{ name: 'A', secret: 0, key: 'none', default: 'd' }] }, []],
  [
    'all keys as variables',
    { envFrom: [{ id: 'all', secret: 0, exclude: ['PATH', 'a.b', 'none'] }] },
    ['user', 'password', 'nested'].filter((key) => key !== 'none'),
  ],
  [
    'a variable that is requested by name as well',
    {
      env: [{ name: 'user', secret: 0, jmesPath: 'nested.x' }],
      envFrom: [{ id: 'all', secret: 0, exclude: ['PATH', 'a.b', 'none', 'nested'] }],
    },
    ['password'],
  ],
  [
    'a variable that the container declares',
    {
      declared: ['user'],
      envFrom: [{ id: 'all', secret: 0, exclude: ['PATH', 'a.b', 'none', 'nested'], onCollision: 'skip' }],
    },
    ['password'],
  ],
  [
    'all keys as files',
    { filesFrom: [{ directory: 'd', secret: 0, exclude: ['none'] }] },
    ['user', 'password', 'PATH', 'a.b', 'nested'],
  ],
  [
    'a file that is requested by name as well',
    {
      files: [{ path: 'd/user', secret: 0 }],
      filesFrom: [{ directory: 'd', secret: 0, include: ['user', 'password'] }],
    },
    ['password'],
  ],
])('%s is listed by its keys', (_what, view, keys) => {
  expect(keysOf(view, SECRET)).toEqual([keys]);
});

it('a view lists its own secrets and keys alone', () => {
  const plan = planOf([arnOf('one'), arnOf('two')], {});
  const views = [
    viewOf({ manifest: true, env: [{ name: 'A', secret: 1, key: 'user' }] }),
    viewOf({ env: [{ name: 'A', secret: 1, key: 'PATH' }] }),
    viewOf({ manifest: true, env: [{ name: 'A', secret: 1, key: 'password' }] }),
  ];
  const rendered = renderViews(
    { ...plan, views },
    [SECRET, SECRET].map((text) => new SecretValue(text)),
  );
  const manifests = rendered.ok ? rendered.value.map(({ manifest }) => manifest) : [];
  expect(manifests).toEqual([
    { secrets: [1], keys: new Map([[1, new Set(['user'])]]), mode: 0o444 },
    undefined,
    { secrets: [1], keys: new Map([[1, new Set(['password'])]]), mode: 0o444 },
  ]);
});

it('without the option, nothing is listed', () => {
  const rendered = render({ env: [{ name: 'A', secret: 0, key: 'user' }] }, SECRET);
  expect(rendered.ok && Object.keys(rendered.value[0] ?? {})).toEqual(['volume', 'directories', 'files']);
});

it('the text names what was used, and no secret that is missing', () => {
  const plan = planOf([arnOf('one'), arnOf('two'), arnOf('three')], {});
  const keys = new Map([[2, new Set(['a"b', 'c'])]]);
  const source = { region: 'us-east-1', versionId: 'v-1', stages: ['AWSCURRENT'] };
  const text = manifestText({ secrets: [1, 2], keys, mode: 0o440 }, plan, [source, undefined, source], TIME);
  expect(text).toBe(
    `{"version":1,"time":"${TIME}","secrets":[{"arn":"${arnOf('three')}","region":"us-east-1","versionId":"v-1","stages":["AWSCURRENT"],"keys":["a\\"b","c"]}]}\n`,
  );
});

it.each([
  ['short keys', '{"":"a",', (index: number) => `"${index.toString(36)}":"",`],
  ['keys with escapes', '{"":"a",', (index: number) => `"\\u0001${index.toString(36)}\\"\\n":"",`],
])('the file with %s fits into the room of its view', (_what, start, member) => {
  let secret = start;
  for (let index = 0; secret.length < MAX_SECRET_BYTES - 40; index += 1) secret += member(index);
  const view = viewOf({
    filesFrom: [{ directory: 'd', secret: 0 }],
    files: [{ path: 'f', secret: 0 }],
  });
  const keys = Object.keys(JSON.parse(`${secret.slice(0, -1)}}`));
  const arn = arnOf('n'.repeat(500));
  const source = {
    region: 'us-east-1',
    versionId: 'v'.repeat(64),
    stages: Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(256, '"')),
  };
  const manifest = { secrets: [0], keys: new Map([[0, new Set(keys)]]), mode: 0o440 };
  const text = manifestText(manifest, planOf([arn], {}), [source], TIME);
  const [room = 0, twice] = [undefined, { seconds: 300, required: false, onChange: [] }].map(
    (refresh) =>
      roomFor(view, { manifestFile: true, refresh }) - roomFor(view, { manifestFile: false, refresh }),
  );
  expect(twice).toBe(2 * room);
  expect(keys.length).toBeGreaterThan(2000);
  expect(Buffer.byteLength(text)).toBeLessThan(room * MAX_SECRET_BYTES);
});
