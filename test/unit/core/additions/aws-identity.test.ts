/** Which identity of another container the fetcher takes over. */
import { expect, it } from 'vitest';
import { addedVariables, sharedIdentity } from '../../../../src/core/additions/aws-identity.ts';
import { readPod } from '../../../../src/core/pod/pod.ts';

const REGIONS = ['AWS_DEFAULT_REGION', 'AWS_REGION'];

type Json = Record<string, unknown>;
type Change = (parts: { env: Json[]; mounts: Json[]; volume: Json; sources: Json[] }) => unknown;

const TOKENS = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
const SELF_HOSTED = '/var/run/secrets/amazonaws.com';

it.each<[what: string, change: Change]>([
  ['of the EKS pod identity webhook', () => {}],
  [
    'with another audience of the service account',
    ({ sources }) => set(sources[0], 'serviceAccountToken', { audience: 'irsa', path: 'token' }),
  ],
  [
    'with the token path of a self-hosted webhook',
    ({ env, mounts }) => {
      set(env[1], 'value', `${SELF_HOSTED}/token`);
      set(mounts[0], 'mountPath', SELF_HOSTED);
    },
  ],
  ['whose Region has another form', ({ env }) => env.push({ name: 'AWS_REGION', value: 'x@localhost:1/#' })],
])('an identity %s is copied', (_what, change) => {
  const { env, mounts } = identity(change);
  expect(env.map(({ name }) => name)).toEqual(['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE']);
  expect(mounts).toEqual([{ name: 'token', mountPath: expect.any(String), readOnly: true }]);
});

it.each<[what: string, change: Change]>([
  [
    'in a ConfigMap',
    ({ volume }) => Object.assign(volume, { projected: undefined, configMap: { name: 'x' } }),
  ],
  ['beside a file of a ConfigMap', ({ sources }) => sources.push({ configMap: { name: 'x' } })],
  ['for the API server', ({ sources }) => set(sources[0], 'serviceAccountToken', { path: 'token' })],
  ['with another name', ({ env }) => set(env[1], 'value', `${TOKENS}/other`)],
  ['behind an expansion', ({ env }) => set(env[1], 'value', '$(DIR)/token')],
  ['declared twice', ({ env }) => env.push({ name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/app/token' })],
  [
    'from a field',
    ({ env }) => Object.assign(env[1] ?? {}, { value: undefined, valueFrom: { fieldRef: {} } }),
  ],
  ['of a role that is none', ({ env }) => set(env[0], 'value', '$(ROLE)')],
  ['mounted in part', ({ mounts }) => set(mounts[0], 'subPath', 'x')],
  ['behind another mount', ({ mounts }) => mounts.push({ name: 'own', mountPath: `${TOKENS}/token` })],
  ['on a path that is mounted twice', ({ mounts }) => mounts.push({ name: 'own', mountPath: `${TOKENS}/` })],
  ...[
    '/app',
    '/app/',
    '//app',
    '/secrets/aws-secrets',
    '/etc',
    '/opt',
    '/var/run/secrets',
    '/var/run/secrets/kubernetes.io/serviceaccount',
    '/var/run/secrets/secrets-injector.dev/serviceaccount',
  ].map((path): [string, Change] => [
    `at ${path}`,
    ({ env, mounts }) => {
      set(env[1], 'value', `${path}/token`);
      set(mounts[0], 'mountPath', path);
    },
  ]),
])('a token %s is not copied', (_what, change) => {
  expect(identity(change)).toEqual({ env: [], mounts: [] });
});

it.each<[what: string, change: Change, added: readonly string[]]>([
  ['alone', () => {}, []],
  ['with both Regions', ({ env }) => env.push(region('AWS_DEFAULT_REGION'), region('AWS_REGION')), REGIONS],
  ['with a Region of its own', ({ env }) => env.push(region('AWS_REGION')), []],
  [
    'with Regions that differ',
    ({ env }) => env.push(region('AWS_DEFAULT_REGION'), region('AWS_REGION', 'us-east-1')),
    [],
  ],
])('the variables of an identity %s are added by the webhook', (_what, change, added) => {
  const { pod, app } = podOf(change);
  expect([...addedVariables(pod)(app)].toSorted()).toEqual(
    ['AWS_ROLE_ARN', 'AWS_STS_REGIONAL_ENDPOINTS', 'AWS_WEB_IDENTITY_TOKEN_FILE', ...added].toSorted(),
  );
});

it('the variables of half an identity are those of the container', () => {
  const { pod, app } = podOf(({ mounts }) => mounts.splice(0));
  expect([...addedVariables(pod)(app)]).toEqual([]);
});

function region(name: string, value = 'eu-west-1'): Json {
  return { name, value };
}

function identity(change: Change) {
  return sharedIdentity(podOf(change).pod, 'aws-secrets-fetch');
}

function podOf(change: Change) {
  const sources: Json[] = [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token' } }];
  const volume: Json = { name: 'token', projected: { sources } };
  const env: Json[] = [
    { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/shop' },
    { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${TOKENS}/token` },
  ];
  const mounts: Json[] = [{ name: 'token', mountPath: TOKENS, readOnly: true }];
  change({ env, mounts, volume, sources });
  const containers = [{ name: 'app', env, volumeMounts: mounts }];
  const pod = readPod({ spec: { containers, volumes: [volume, { name: 'own', emptyDir: {} }] } });
  const [app] = pod.ok ? pod.value.containers : [];
  if (!pod.ok || app === undefined) throw new Error('the pod is malformed');
  return { pod: pod.value, app };
}

function set(object: Json | undefined, name: string, value: unknown): void {
  Object.assign(object ?? {}, { [name]: value });
}
