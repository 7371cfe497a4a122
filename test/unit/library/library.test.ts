import { expect, it } from 'vitest';
import { annotate, annotations, check, RequestError, secret } from '../../../src/library/index.ts';

const DB = secret('arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf');
const TLS = secret('arn:aws:secretsmanager:eu-west-1:111122223333:secret:tls-AbCdEf');
const POD = { kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'app', image: 'x' }] } };
const FORM = 'secrets-injector.dev/secrets';

function formOf(request: Parameters<typeof annotations>[0]): unknown {
  return JSON.parse(annotations(request)[FORM] ?? 'null');
}

it('values of one version of a secret share an entry', () => {
  expect(
    formOf({
      env: { USER: DB.key('user'), OLD: DB.atStage('AWSPREVIOUS').key('user'), ALL: DB },
      files: { 'db.json': DB, 'key.pem': TLS.whole({ pem: 'private-key', mode: '0400' }) },
    }),
  ).toEqual([
    { secret: DB.arn, env: { USER: 'user', ALL: {} }, files: { 'db.json': {} } },
    { secret: DB.arn, env: { OLD: 'user' }, versionStage: 'AWSPREVIOUS' },
    { secret: TLS.arn, files: { 'key.pem': { pem: 'private-key', mode: '0400' } } },
  ]);
});

it('all keys of a secret, for some containers', () => {
  const previous = DB.failover('eu-central-1').atVersion('x'.repeat(32));
  expect(
    formOf({
      envFrom: [DB, TLS.allKeys({ prefix: 'TLS_', optional: true })],
      only: [{ containers: ['app'], filesFrom: { db: previous.allKeys({ exclude: ['a*'] }) } }],
    }),
  ).toEqual([
    { secret: DB.arn, envFrom: true },
    { secret: TLS.arn, envFrom: { prefix: 'TLS_' }, optional: true },
    {
      secret: DB.arn,
      filesFrom: { directory: 'db', exclude: ['a*'] },
      versionId: 'x'.repeat(32),
      failover: ['eu-central-1'],
      containers: ['app'],
    },
  ]);
});

it('options are annotations of their own, and a request of nothing has no form', () => {
  expect(annotations({ options: { inject: false, 'run-as-user': 1000 } })).toEqual({
    'secrets-injector.dev/inject': 'false',
    'secrets-injector.dev/run-as-user': '1000',
  });
  expect(annotations({})).toEqual({});
});

it('all problems are reported, with the codes of the webhook', () => {
  const wrong = { 'mount-pat': '/x', refesh: '5m', refresh: '5 minutes' } as object;
  const build = () =>
    annotations({ env: { 'a b': DB, ['__proto__']: secret('db').key('x') }, options: wrong });
  expect(build).toThrow(RequestError);
  try {
    build();
  } catch (error) {
    expect((error as RequestError).problems.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'ANNOTATION_UNKNOWN options.mount-pat',
      'ANNOTATION_UNKNOWN options.refesh',
      'OPTION_INVALID secrets-injector.dev/refresh',
      `ENV_NAME_INVALID ${FORM}[0].env["a b"]`,
      `ALIAS_UNKNOWN ${FORM}[1].secret`,
    ]);
  }
});

const template = { metadata: { labels: { app: 'web' } }, spec: POD.spec };
it.each<readonly [string, object, string]>([
  ['a pod', POD, 'metadata'],
  ['a pod template', template, 'metadata'],
  ['a Deployment', { kind: 'Deployment', spec: { template } }, 'spec.template.metadata'],
  [
    'a CronJob',
    { kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } },
    'spec.jobTemplate.spec.template.metadata',
  ],
  [
    'a workload without metadata',
    { kind: 'Job', spec: { template: { spec: POD.spec } } },
    'spec.template.metadata',
  ],
])('annotates %s, and leaves the rest as it is', (_, object, place) => {
  const before = structuredClone(object);
  const annotated = annotate(object, { env: { USER: DB.key('user') } });
  expect(object).toEqual(before);
  const at = (root: object) =>
    place.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], root);
  const { annotations: made, ...others } = at(annotated) as Record<string, unknown>;
  expect(made).toEqual(annotations({ env: { USER: DB.key('user') } }));
  expect(others).toEqual(at(before) ?? {});
  expect(annotate(annotated, { env: { USER: DB.key('user') } })).toEqual(annotated);
});

it.each<readonly [string, object, string]>([
  ['an object without a pod template', { kind: 'Service' }, 'neither a pod nor a workload'],
  ['a list of several', { kind: 'List', items: [POD, POD] }, 'several pod templates'],
  [
    'another value of an annotation',
    { ...POD, metadata: { annotations: { [FORM]: '[]' } } },
    `another value for ${FORM}`,
  ],
])('rejects %s', (_, object, message) => {
  expect(() => annotate(object, { env: { USER: DB } })).toThrow(message);
});

it('check decides as the webhook, also about a cluster without native variables', () => {
  const annotated = annotate(POD, { env: { USER: DB.key('user') } });
  expect(check(annotated)).toEqual([
    { object: 'Pod/default/web', outcome: 'injected', problems: [], warnings: [] },
  ]);
  const [denied] = check(annotated, { nativeVariables: false, namespace: 'shop' });
  expect(denied).toMatchObject({ object: 'Pod/shop/web', outcome: 'denied' });
  expect(denied?.problems).toEqual([expect.stringMatching(/^ENV_MODE_UNDECIDED /)]);
  expect(check({ kind: 'List', items: [POD, { kind: 'Service' }] })).toMatchObject([
    { outcome: 'unchanged' },
  ]);
});
