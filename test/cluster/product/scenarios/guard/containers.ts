/** What other webhooks and users can change in the injected containers. The policies warn, so that each of them is seen. */
import { beforeAll, describe, expect, it } from 'vitest';
import { INJECTED_PATHS } from '../../../../../src/core/names/injected-paths.ts';
import { IGNORED } from '../../../../../src/core/names/steering-variables.ts';
import { GUARDED_VARIABLES } from '../../../../unit/manifests/guarded-variables.ts';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import { altered, found, type InjectedPod, type Json, type PodSpec } from './alter.ts';

type Container = PodSpec['initContainers'][number];
type Row = readonly [what: string, change: (container: Container, spec: PodSpec) => unknown, words: string];

const FIELD = 'the injector does not set the field';
const WEAKER = 'has a weaker security context than the injector sets';
const REPLACES = 'that would replace its files';
const SECRETS = 'that the injector did not write';
const TWICE = 'declares a variable twice';
const STEERS = 'has a variable that would change how its program runs';
const IDENTITY = 'with a value that AWS webhooks do not set';
const SESSION = 'has another AWS_ROLE_SESSION_NAME';
const TOKENS = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
const PROBE = { exec: { command: ['true'] } };

const TRACED = 'is not a trace context of the injector';
const TRACEPARENT = 'SECRETS_INJECTOR_TRACEPARENT';
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

const ALTERED: readonly Row[] = [
  ['arguments', (c) => Object.assign(c, { args: ['--version'] }), FIELD],
  ['envFrom', (c) => Object.assign(c, { envFrom: [{ configMapRef: { name: 'x' } }] }), FIELD],
  ['a working directory', (c) => Object.assign(c, { workingDir: '/tmp' }), FIELD],
  ['a port', (c) => Object.assign(c, { ports: [{ containerPort: 80 }] }), FIELD],
  ['stdin', (c) => Object.assign(c, { stdin: true }), FIELD],
  ['a terminal', (c) => Object.assign(c, { tty: true }), FIELD],
  [
    'a sidecar with a probe and a hook',
    (c) =>
      Object.assign(c, { restartPolicy: 'Always', startupProbe: PROBE, lifecycle: { postStart: PROBE } }),
    FIELD,
  ],
  ['another termination log', (c) => Object.assign(c, { terminationMessagePath: '/tmp/x' }), FIELD],
  ['an SELinux type that lifts the isolation', security({ seLinuxOptions: { type: 'spc_t' } }), WEAKER],
  ['an SELinux role', security({ seLinuxOptions: { role: 'unconfined_r' } }), WEAKER],
  ['privileges', security({ privileged: true, allowPrivilegeEscalation: true }), WEAKER],
  ['privilege escalation', security({ allowPrivilegeEscalation: true }), WEAKER],
  ['a writable root', security({ readOnlyRootFilesystem: false }), WEAKER],
  ['root allowed', security({ runAsNonRoot: false }), WEAKER],
  ['nothing about root', security({ runAsNonRoot: undefined }), WEAKER],
  ['a capability', security({ capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }), WEAKER],
  ['kept capabilities', security({ capabilities: { drop: ['NET_RAW'] } }), WEAKER],
  ['no seccomp profile', security({ seccompProfile: { type: 'Unconfined' } }), WEAKER],
  ['no AppArmor profile', security({ appArmorProfile: { type: 'Unconfined' } }), WEAKER],
  ['no security context', (c) => Object.assign(c, { securityContext: undefined }), WEAKER],
  ...[
    '/',
    '/usr',
    '/etc',
    '/etc/ssl',
    '/app/',
    '//app',
    '/./app',
    'app',
    './app',
    '/app//x',
    '/opt/../app',
    '/secrets/aws-secrets/',
    '/secrets/aws-secrets/.',
    '/var/run/secrets/kubernetes.io/serviceaccount/',
    '/run/secrets/kubernetes.io/serviceaccount',
    '/var/run/secrets/kubernetes.io/serviceaccount/x',
  ].map(mountRow),
  ...INJECTED_PATHS.flatMap((path): readonly Row[] => [mountRow(path), mountRow(`${path}/x`)]),
  ['two mounts on one path', (c) => c.volumeMounts.push(at('/opt/a'), at('/opt/./a/')), REPLACES],
  [
    'a secrets volume elsewhere',
    (c) => c.volumeMounts.push({ name: 'aws-secrets', mountPath: '/x' }),
    SECRETS,
  ],
  ...GUARDED_VARIABLES.map((name): Row => [name, variable(name.replace('*', 'X')), STEERS]),
  [
    'LD_PRELOAD from a field',
    (c) => c.env.push({ name: 'LD_PRELOAD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    STEERS,
  ],
  ["another value than the operator's", variable('AWS_ENDPOINT_URL', 'https://evil.example'), STEERS],
  [
    "another endpoint of traces than the operator's",
    variable('SECRETS_INJECTOR_TRACES_ENDPOINT', 'http://evil.example:4318/v1/traces'),
    STEERS,
  ],
  [
    'an endpoint of traces from a field',
    (c) =>
      c.env.push({
        name: 'SECRETS_INJECTOR_TRACES_ENDPOINT',
        valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
      }),
    STEERS,
  ],
];

const FETCHER: readonly Row[] = [
  ['a part of a volume', (c) => Object.assign(c.volumeMounts[0] ?? {}, { subPath: 'x' }), SECRETS],
  [
    'a volume that it cannot write',
    (c) => Object.assign(c.volumeMounts[0] ?? {}, { readOnly: true }),
    SECRETS,
  ],
  ['another session name', (c) => Object.assign(c.env[1] ?? {}, { value: 'x' }), SESSION],
  [
    'a session name from a field',
    (c) =>
      c.env.splice(1, 1, {
        name: 'AWS_ROLE_SESSION_NAME',
        valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
      }),
    SESSION,
  ],
  ['no session name', (c) => c.env.splice(1, 1), SESSION],
  ['two session names', (c) => c.env.push({ ...c.env[1] }), TWICE],
  ['two plans', (c) => c.env.push({ ...c.env[0] }), TWICE],
  [
    'two Regions',
    (c) => c.env.push({ name: 'AWS_REGION', value: 'eu-west-1' }, { name: 'AWS_REGION', value: 'eu-west-1' }),
    TWICE,
  ],
  ['a role that is none', variable('AWS_ROLE_ARN'), IDENTITY],
  ['a Region that is none', variable('AWS_REGION', 'x@localhost:1/#'), IDENTITY],
  [
    'a Region from a field',
    (c) => c.env.push({ name: 'AWS_REGION', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    IDENTITY,
  ],
  [
    'credentials from elsewhere',
    variable('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.169.254/'),
    IDENTITY,
  ],
  ['a trace context that is none', variable(TRACEPARENT), TRACED],
  ['a trace context that is not sampled', variable(TRACEPARENT, TRACE.replace(/1$/, '0')), TRACED],
  ['a trace of zeros', variable(TRACEPARENT, TRACE.replaceAll('a', '0')), TRACED],
  ['a span of zeros', variable(TRACEPARENT, TRACE.replaceAll('b', '0')), TRACED],
  ['a trace context with a second line', variable(TRACEPARENT, `${TRACE}\nx`), TRACED],
  [
    'a trace context from a field',
    (c) => c.env.push({ name: TRACEPARENT, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    TRACED,
  ],
  [
    'two trace contexts',
    (c) => c.env.push({ name: TRACEPARENT, value: TRACE }, { name: TRACEPARENT, value: TRACE }),
    TRACED,
  ],
  ['a token in no volume', variable('AWS_WEB_IDENTITY_TOKEN_FILE', '/etc/hostname'), IDENTITY],
  [
    'a token in another volume',
    (c) => token(c) && Object.assign(c.volumeMounts.at(-1) ?? {}, { name: 'own' }),
    IDENTITY,
  ],
  [
    'a file beside a token whose path has a blank',
    (c, spec) => {
      token(c);
      Object.assign(found(spec.volumes, 'tokens'), {
        projected: { sources: [{ serviceAccountToken: { audience: 'x', path: 'y /etc/own/token' } }] },
      });
      c.volumeMounts.push({ name: 'own', mountPath: '/etc/own' });
      Object.assign(c.env.at(-1) ?? {}, { value: '/etc/own/token' });
    },
    IDENTITY,
  ],
  ['a token for the API server', (c, spec) => token(c) && audience(spec, undefined), IDENTITY],
  [
    'a file over the token',
    (c) => token(c) && c.volumeMounts.push({ name: 'own', mountPath: `${TOKENS}/token`, subPath: 'x' }),
    IDENTITY,
  ],
];

const CHECK: readonly Row[] = [
  [
    'a secrets volume at the place of the fetcher',
    (c) => c.volumeMounts.push({ name: 'aws-secrets', mountPath: '/secrets/aws-secrets' }),
    SECRETS,
  ],
  [
    'a secret variable',
    (c) =>
      c.env.push({
        name: 'X',
        valueFrom: { fileKeyRef: { volumeName: 'aws-secrets', path: 'env', key: 'DB_USER' } },
      }),
    'has a variable from a secrets volume',
  ],
  ['two probe variables', (c) => c.env.push({ ...c.env[0] }), TWICE],
  [
    'another command',
    (c) => Object.assign(c, { command: ['/app/node', '/app/cli.cjs'] }),
    'aws-secrets-check is missing, was changed or added',
  ],
  [
    'another image',
    (c) => Object.assign(c, { image: 'localhost/aws-secrets-injector:5000/other' }),
    'uses the image localhost/aws-secrets-injector:5000/other',
  ],
];

const HARMLESS: readonly Row[] = [
  ['nothing', () => {}, ''],
  ['a variable of an agent', variable('DD_AGENT_HOST'), ''],
  [
    'a variable of an agent twice',
    (c) => c.env.push({ name: 'DD_X', value: '1' }, { name: 'DD_X', value: '2' }),
    '',
  ],
  ...IGNORED.map((name): Row => [name, variable(name.replace('*', 'X')), '']),
  ['a trace context', variable(TRACEPARENT, TRACE), ''],
  [
    "the operator's endpoint of traces",
    variable('SECRETS_INJECTOR_TRACES_ENDPOINT', 'http://collector.example:4318/v1/traces'),
    '',
  ],
  ["the operator's endpoint", variable('AWS_ENDPOINT_URL', 'https://vpce.example'), ''],
  ...[
    '/opt/agent',
    '/opt/agent/',
    '//opt',
    '/application',
    '/secrets2',
    '/devices',
    '/etc/ssl/certs',
    '/var/run/datadog',
    '/tmp',
    '/run',
  ].map((path): Row => [`a mount at ${path}`, (c) => c.volumeMounts.push(at(path)), '']),
  ['the identity of AWS', (c) => token(c), ''],
  ['another audience', (c, spec) => token(c) && audience(spec, 'irsa'), ''],
  [
    'a stricter seccomp profile',
    security({ seccompProfile: { type: 'Localhost', localhostProfile: 'x' } }),
    '',
  ],
  ['SELinux options', security({ seLinuxOptions: { level: 's0:c1' }, privileged: false }), ''],
  ['another user', security({ runAsUser: 1000 }), ''],
  [
    'resize policies',
    (c) => Object.assign(c, { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] }),
    '',
  ],
  [
    'another release of the image',
    (c) => Object.assign(c, { image: `localhost/aws-secrets-injector:0.0.1@sha256:${'0'.repeat(64)}` }),
    '',
  ],
];

export function guardedContainers(api: () => Api): void {
  const native = hasFileKeys(wantedKubernetes());
  describe('injected containers', () => {
    let injected: InjectedPod;
    beforeAll(async () => {
      const namespace = await api().namespace();
      const asking = pod(namespace, {
        annotations: { 'secrets-injector.dev/env.DB_USER': `${arnOf('guard')}:user` },
        containers: [{ name: 'app', command: ['sh', '-c', 'true'] }],
        spec: { volumes: [{ name: 'own', emptyDir: {} }], serviceAccountName: 'default' },
        identity: false,
      });
      const made = injectedPod(asking, namespace, { native: { can: native, probe: true, why: '' } });
      if (made === undefined) throw new Error('nothing was injected');
      injected = made as unknown as InjectedPod;
      injected.spec.volumes.push({
        name: 'tokens',
        projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token' } }] },
      } as never);
    });

    const names = native ? ['aws-secrets-fetch', 'aws-secrets-check'] : ['aws-secrets-fetch'];
    describe.each(names)('%s', (name) => {
      const own = name === 'aws-secrets-fetch' ? FETCHER : CHECK;
      it.each([...ALTERED, ...own])('with %s: a warning', async (_what, change, words) => {
        expect(await warnings(name, change)).toContain(words);
      });

      it.each(HARMLESS)('with %s: no warning', async (_what, change) => {
        expect(await warnings(name, change)).not.toContain('ValidatingAdmissionPolicy');
      });
    });

    it('a regular container with a reserved name: a warning', async () => {
      const object = altered(injected, (spec) => {
        spec.containers.push(container(spec, 'aws-secrets-fetch'));
        spec.initContainers.splice(0);
      });
      const { stderr } = await api().create(object, '--dry-run=server', '--validate=false');
      expect(stderr).toContain('a regular container has a reserved name');
    });

    async function warnings(name: string, change: Row[1]): Promise<string> {
      const object = altered(injected, (spec) => void change(container(spec, name), spec));
      const { stderr, status } = await api().create(object, '--dry-run=server', '--validate=false');
      expect([stderr, status]).toEqual([expect.any(String), 0]);
      return stderr;
    }
  });
}

function container(spec: PodSpec, name: string): Container {
  return found(spec.initContainers, name);
}

function at(mountPath: string): Json {
  return { name: 'own', mountPath };
}

function mountRow(path: string): Row {
  return [`a mount at ${path}`, (c) => c.volumeMounts.push(at(path)), REPLACES];
}

function variable(name: string, value = 'x'): Row[1] {
  return (c) => c.env.push({ name, value });
}

function security(change: Json): Row[1] {
  return (c) => Object.assign((c as unknown as { securityContext: Json }).securityContext, change);
}

function token(c: Container): unknown {
  c.env.push(
    { name: 'AWS_REGION', value: 'eu-west-1' },
    { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/shop' },
    { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${TOKENS}/token` },
  );
  return c.volumeMounts.push({ name: 'tokens', mountPath: TOKENS, readOnly: true });
}

function audience(spec: PodSpec, text: string | undefined): void {
  const volume = found(spec.volumes, 'tokens');
  Object.assign(volume, {
    projected: { sources: [{ serviceAccountToken: { audience: text, path: 'token' } }] },
  });
}
