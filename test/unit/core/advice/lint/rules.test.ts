/** The rules that only lint has, in the cases that the examples of the page do not show. */
import { describe, expect, it } from 'vitest';
import { parseImage, takesFile } from '../../../../../src/core/advice/lint/images.ts';
import { lintPod } from '../../../../../src/core/advice/lint/lint-pod.ts';
import type { NativeSupport } from '../../../../../src/core/settings.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const PREFIX = 'secrets-injector.dev/';

interface Given {
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly spec?: object;
  readonly native?: NativeSupport;
  readonly detectsPlainText?: boolean;
}

function rulesOf({ annotations, spec, native, detectsPlainText = true }: Given): readonly string[] {
  const containers = [{ name: 'web', image: 'shop/web:1', command: ['sh', '-c', 'web'] }];
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    key.includes('/') ? key : PREFIX + key,
    value,
  ]);
  const json = { metadata: { annotations: Object.fromEntries(prefixed) }, spec: { containers, ...spec } };
  const injection = { image: 'injector:1', sidecars: { can: true } as const, ...(native && { native }) };
  return lintPod({ json, namespace: 'shop' }, { injection, detectsPlainText }).map(({ rule }) => rule);
}

describe('pods that lint leaves alone', () => {
  it.each([
    ['without annotations', {}],
    ['of others', { 'example.com/env.X': 'y' }],
    ['that opted out', { inject: 'false', 'env.A': 'nonsense', nonsense: 'x' }],
    ['below an unknown key of a near domain', { 'secret-injector.dev/other': 'x' }],
  ])('%s', (_name, annotations) => {
    expect(
      rulesOf({
        annotations,
        spec: { containers: [{ name: 'a', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] },
      }),
    ).toEqual([]);
  });
});

it('an alias in any reference is used', () => {
  const form = '- { secret: b, files: { f: {} } }';
  const annotations = { 'secret.a': ARN, 'secret.b': ARN, 'secret.c': ARN, 'file.x': 'a:key', secrets: form };
  expect(rulesOf({ annotations })).toEqual(['ALIAS_UNUSED']);
  expect(rulesOf({ annotations: { ...annotations, secrets: '- { secret: b, nonsense: 1 }' } })).not.toContain(
    'ALIAS_UNUSED',
  );
});

it('a pod that requests nothing has one finding, however many aliases it has', () => {
  expect(rulesOf({ annotations: { 'secret.a': ARN, 'secret.b': ARN, 'env-mode': 'file' } })).toEqual([
    'NOTHING_REQUESTED',
  ]);
});

describe('partial ARNs', () => {
  const arnOf = (name: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}`;
  it.each([
    ['db-AbCdEf', []],
    ['db-a1b2c3', []],
    ['db', ['ARN_WITHOUT_SUFFIX']],
    ['db-master', ['ARN_SUFFIX_AMBIGUOUS']],
    ['db-202611', ['ARN_SUFFIX_AMBIGUOUS']],
    ['my-secret', ['ARN_SUFFIX_AMBIGUOUS']],
  ])('%s', (name, rules) => {
    expect(rulesOf({ annotations: { 'file.x': arnOf(name) } })).toEqual(rules);
    expect(rulesOf({ annotations: { secrets: `- { secret: "${arnOf(name)}", files: { f: {} } }` } })).toEqual(
      rules,
    );
  });
});

it('annotations that are too large together', () => {
  const annotations = { 'file.x': ARN, 'example.com/blob': 'ü'.repeat(130_900) };
  expect(rulesOf({ annotations })).toEqual([]);
  expect(rulesOf({ annotations: { ...annotations, 'example.com/more': 'x'.repeat(400) } })).toEqual([
    'ANNOTATIONS_TOO_LARGE',
  ]);
});

describe('native variables', () => {
  const annotations = { 'env.A': ARN };
  const spec = { containers: [{ name: 'web', image: 'shop/web:1' }] };
  it('are a note if the cluster is not known', () => {
    expect(rulesOf({ annotations, spec })).toEqual(['NATIVE_REQUIRED']);
  });
  it('are right or wrong if it is', () => {
    expect(rulesOf({ annotations, spec, native: { can: true, probe: false } })).toEqual([]);
    expect(rulesOf({ annotations, spec, native: { can: false, why: 'old' } })).toEqual([
      'ENV_MODE_UNDECIDED',
    ]);
  });
  it('are not reported for pods that no cluster accepts, but what is wrong with both', () => {
    expect(rulesOf({ annotations: { 'env.A': 'nonsense!' }, spec })).toEqual(['REFERENCE_NAME_ONLY']);
  });
  it('are not used where only a shell can represent a default', () => {
    const secrets = `- { secret: "${ARN}", env: { A: { key: a, default: "it's" } } }`;
    expect(rulesOf({ annotations: { secrets }, native: { can: true, probe: false } })).not.toEqual([]);
    expect(rulesOf({ annotations: { secrets } })).toEqual([]);
  });
  it('are not needed where a shell is better', () => {
    expect(rulesOf({ annotations: { 'env-from.a': ARN } })).toEqual([]);
  });
});

describe('containers that receive everything', () => {
  const container = (name: string, more = {}) => ({
    name,
    image: 'shop/x:1',
    command: ['sh', '-c', 'x'],
    ...more,
  });
  const using = container('web', { args: ['--token=$(TOKEN)'] });
  it.each([
    ['one uses a variable', [using, container('other')], ['CONTAINERS_BROAD']],
    ['both use it', [using, { ...using, name: 'other' }], []],
    ['none says so', [container('web'), container('other')], []],
    ['one is a helper', [container('web'), container('fluent-bit')], ['CONTAINERS_BROAD']],
    [
      'one has the image of a helper',
      [container('web'), container('x', { image: 'x/envoy:1' })],
      ['CONTAINERS_BROAD'],
    ],
    ['there is only one', [container('fluent-bit')], []],
    ['all are helpers', [container('fluent-bit'), container('envoy')], []],
  ])('%s', (_name, containers, rules) => {
    expect(rulesOf({ annotations: { 'env.TOKEN': ARN }, spec: { containers } })).toEqual(rules);
    expect(
      rulesOf({ annotations: { 'env.TOKEN': ARN, containers: 'web' }, spec: { containers } }),
    ).not.toContain('CONTAINERS_BROAD');
  });
});

describe('images', () => {
  it.each([
    ['postgres', { repository: 'postgres', tag: undefined, digest: undefined }],
    ['postgres:18', { repository: 'postgres', tag: '18', digest: undefined }],
    ['registry:5000/a/b', { repository: 'registry:5000/a/b', tag: undefined, digest: undefined }],
    ['registry:5000/a/b:c', { repository: 'registry:5000/a/b', tag: 'c', digest: undefined }],
    [`a@sha256:${'0'.repeat(64)}`, { repository: 'a', tag: undefined, digest: `sha256:${'0'.repeat(64)}` }],
    ['{{ image }}', undefined],
    ['', undefined],
  ])('%s', (text, image) => {
    expect(parseImage(text)).toEqual(image);
  });

  it.each([
    ['postgres:18', 'POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE'],
    ['docker.io/library/postgres:18', 'POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE'],
    ['grafana/grafana:12', 'GF_SECURITY_ADMIN_PASSWORD', 'GF_SECURITY_ADMIN_PASSWORD__FILE'],
    ['shop/postgres-client:1', 'POSTGRES_PASSWORD', undefined],
    ['postgres:18', 'PGPASSWORD', undefined],
  ])('%s reads %s from %s', (image, variable, file) => {
    expect(takesFile(parseImage(image) ?? { repository: '', tag: '', digest: '' }, variable)).toBe(file);
  });

  it.each([
    ['shop/web', ['IMAGE_UNPINNED']],
    ['shop/web:latest', ['IMAGE_UNPINNED']],
    [`shop/web:latest@sha256:${'a'.repeat(64)}`, []],
    ['$(IMAGE)', []],
    ['shop/web:1', []],
  ])('%s', (image, rules) => {
    expect(
      rulesOf({ annotations: { 'file.x': ARN }, spec: { containers: [{ name: 'web', image }] } }),
    ).toEqual(rules);
  });
});

describe('plain text', () => {
  const env = [{ name: 'SMTP_PASSWORD', value: 'hunter2' }];
  const spec = {
    containers: [{ name: 'web', image: 'shop/web:1', args: ['postgres://a:hunter2@db/x'], env }],
  };
  const secrets = `- { secret: "${ARN}", files: { f: { key: k, default: "postgres://a:hunter2@db/x" } } }`;
  it('is reported without its value, in variables, arguments and defaults', () => {
    const json = { metadata: { annotations: { [`${PREFIX}secrets`]: secrets } }, spec };
    const findings = lintPod(
      { json, namespace: 'shop' },
      { injection: { image: 'i' }, detectsPlainText: true },
    );
    expect(findings.map(({ rule }) => rule)).toEqual(Array(3).fill('PLAIN_TEXT_SECRET'));
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });
  it('is not searched for if that is turned off', () => {
    expect(rulesOf({ annotations: { secrets }, spec, detectsPlainText: false })).toEqual([]);
  });
});
