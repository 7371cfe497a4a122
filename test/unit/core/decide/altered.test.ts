/** What other webhooks and users can change in the injected containers: a later pass rejects it, or it is harmless. */
import jsonpatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { decideInjection } from '../../../../src/core/inject.ts';
import { INJECTED_PATHS } from '../../../../src/core/names/injected-paths.ts';
import { IGNORED, REFUSED } from '../../../../src/core/names/steering-variables.ts';
import type { AdmissionCode } from '../../../../src/core/problems/admission-codes.ts';
import type { InjectionSettings } from '../../../../src/core/settings.ts';

type Json = Record<string, unknown>;
interface Container extends Json {
  readonly name: string;
  readonly env: Json[];
  readonly volumeMounts: Json[];
  readonly securityContext: Json;
}
type Change = (container: Container) => unknown;

const SETTINGS: InjectionSettings = {
  image: 'registry.example/injector:1',
  native: { can: true, probe: true },
  fetcherEnv: [{ name: 'AWS_ENDPOINT_URL', value: 'https://vpce.example' }],
};
const TOKENS = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
const ASKING = {
  metadata: {
    annotations: {
      'secrets-injector.dev/env.DB_USER':
        'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:user',
    },
  },
  spec: {
    serviceAccountName: 'web',
    volumes: [
      { name: 'own', emptyDir: {} },
      {
        name: 'aws-iam-token',
        projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token' } }] },
      },
    ],
    containers: [{ name: 'app', image: 'shop/app:1' }],
  },
};
const INJECTED = patched(ASKING);

const ALTERED: readonly (readonly [what: string, change: Change])[] = [
  ['envFrom', (c) => Object.assign(c, { envFrom: [{ configMapRef: { name: 'x' } }] })],
  ['workingDir', (c) => Object.assign(c, { workingDir: '/tmp' })],
  ['lifecycle', (c) => Object.assign(c, { lifecycle: { postStart: { exec: { command: ['x'] } } } })],
  ['a liveness probe', (c) => Object.assign(c, { livenessProbe: { exec: { command: ['x'] } } })],
  ['a readiness probe', (c) => Object.assign(c, { readinessProbe: { tcpSocket: { port: 1 } } })],
  ['a startup probe', (c) => Object.assign(c, { startupProbe: { exec: { command: ['x'] } } })],
  ['ports', (c) => Object.assign(c, { ports: [{ containerPort: 80 }] })],
  ['stdin', (c) => Object.assign(c, { stdin: true })],
  ['a terminal', (c) => Object.assign(c, { tty: true })],
  ['a device', (c) => Object.assign(c, { volumeDevices: [{ name: 'own', devicePath: '/dev/x' }] })],
  ['another restart policy', (c) => Object.assign(c, { restartPolicy: 'Never' })],
  ['rules of restarts', (c) => Object.assign(c, { restartPolicyRules: [{ action: 'Restart' }] })],
  ['another termination log', (c) => Object.assign(c, { terminationMessagePath: '/secrets/x' })],
  ['privileges', (c) => Object.assign(c.securityContext, { privileged: true })],
  ['privilege escalation', (c) => Object.assign(c.securityContext, { allowPrivilegeEscalation: true })],
  ['a writable root', (c) => Object.assign(c.securityContext, { readOnlyRootFilesystem: false })],
  ['root allowed', (c) => Object.assign(c.securityContext, { runAsNonRoot: false })],
  ['user 0', (c) => Object.assign(c.securityContext, { runAsUser: 0 })],
  [
    'a capability',
    (c) => Object.assign(c.securityContext, { capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } }),
  ],
  ['kept capabilities', (c) => Object.assign(c.securityContext, { capabilities: { drop: ['NET_RAW'] } })],
  ['an unmasked /proc', (c) => Object.assign(c.securityContext, { procMount: 'Unmasked' })],
  ['no seccomp profile', (c) => Object.assign(c.securityContext, { seccompProfile: { type: 'Unconfined' } })],
  [
    'no AppArmor profile',
    (c) => Object.assign(c.securityContext, { appArmorProfile: { type: 'Unconfined' } }),
  ],
  [
    'a foreign SELinux type',
    (c) => Object.assign(c.securityContext, { seLinuxOptions: { level: 's0', type: 'spc_t' } }),
  ],
  ['an SELinux user', (c) => Object.assign(c.securityContext, { seLinuxOptions: { user: 'system_u' } })],
  ['a device of a claim', (c) => Object.assign(c, { resources: { claims: [{ name: 'own' }] } })],
  ['a mount above everything', mount('/')],
  ...INJECTED_PATHS.flatMap((path): readonly (readonly [string, Change])[] => [
    [`a mount at ${path}`, mount(path)],
    [`a mount below ${path}`, mount(`${path}/x`)],
  ]),
  ...['/app/', '//app', '/./app', '/opt/../app', 'app', './app', '/app//x', '/usr', '/etc', '/etc/ssl'].map(
    (path): readonly [string, Change] => [`a mount at ${path}`, mount(path)],
  ),
  ['a second mount on one path', (c) => c.volumeMounts.push(at('/opt/a'), at('/opt/./a/'))],
  ['a mount over the empty API token', mount('/var/run/secrets/kubernetes.io/serviceaccount/')],
  ['the API token below', mount('/run/secrets/kubernetes.io/serviceaccount/token')],
  ['a secrets volume elsewhere', (c) => c.volumeMounts.push({ name: 'aws-secrets', mountPath: '/x' })],
  ['a part of a mount', (c) => Object.assign(c.volumeMounts[0] ?? {}, { subPath: 'x' })],
  [
    'another value of readOnly',
    (c) => Object.assign(c.volumeMounts[0] ?? {}, { readOnly: !c.volumeMounts[0]?.['readOnly'] }),
  ],
];

const REFUSED_VARIABLES: readonly (readonly [what: string, change: Change])[] = [
  ...REFUSED.filter((name) => name !== 'AWS_ENDPOINT_URL*').map((name): readonly [string, Change] => [
    name,
    variable(name.replace('*', 'X')),
  ]),
  ['AWS_ENDPOINT_URL_STS', variable('AWS_ENDPOINT_URL_STS')],
  [
    'LD_PRELOAD from a ConfigMap',
    (c) => c.env.push({ name: 'LD_PRELOAD', valueFrom: { configMapKeyRef: {} } }),
  ],
  [
    'a secret',
    (c) =>
      c.env.push({
        name: 'X',
        valueFrom: { fileKeyRef: { volumeName: 'aws-secrets', path: 'env', key: 'DB_USER' } },
      }),
  ],
  [
    'NODE_NAME from a secret',
    (c) => {
      const valueFrom = { fileKeyRef: { volumeName: 'aws-secrets', path: 'env', key: 'DB_USER' } };
      const own = c.env.find((entry) => entry['name'] === 'NODE_NAME');
      if (own === undefined) c.env.push({ name: 'NODE_NAME', valueFrom });
      else own['valueFrom'] = valueFrom;
    },
  ],
  ['the first variable again', (c) => c.env.push({ ...c.env[0] })],
];

const FETCHER_VARIABLES: readonly (readonly [what: string, change: Change])[] = [
  ['another session name', (c) => replace(c, 'AWS_ROLE_SESSION_NAME', 'shop.other')],
  [
    'a session name from the pod',
    (c) =>
      c.env.splice(1, 1, {
        name: 'AWS_ROLE_SESSION_NAME',
        valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
      }),
  ],
  ['metadata enabled', (c) => replace(c, 'AWS_EC2_METADATA_DISABLED', 'false')],
  ["another endpoint than the operator's", (c) => replace(c, 'AWS_ENDPOINT_URL', 'https://evil.example')],
  ['a role that is none', variable('AWS_ROLE_ARN', 'x')],
  ['a Region that is none', variable('AWS_REGION', 'x@localhost:1/#')],
  [
    'a token in another volume',
    (c) =>
      c.env.push({ name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/opt/x' }) && c.volumeMounts.push(at('/opt')),
  ],
  ['a token in no volume', variable('AWS_WEB_IDENTITY_TOKEN_FILE', '/etc/hostname')],
  [
    'a file over the token',
    (c) => {
      token(c);
      c.volumeMounts.push({ name: 'own', mountPath: `${TOKENS}/token`, subPath: 'x' });
    },
  ],
  ['credentials from elsewhere', variable('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.169.254/')],
];

const HARMLESS: readonly (readonly [what: string, change: Change])[] = [
  ['nothing', () => {}],
  [
    'what the API server defaults',
    (c) =>
      Object.assign(c, {
        terminationMessagePath: '/dev/termination-log',
        imagePullPolicy: 'Always',
        resources: {},
        resizePolicy: [],
      }),
  ],
  ['empty lists', (c) => Object.assign(c, { envFrom: [], ports: null, stdin: false, workingDir: '' })],
  ['a variable of an agent', variable('DD_AGENT_HOST')],
  [
    'a variable of an agent twice',
    (c) => c.env.push({ name: 'DD_X', value: '1' }, { name: 'DD_X', value: '2' }),
  ],
  [
    'NODE_NAME again',
    (c) => c.env.push({ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }),
  ],
  ...IGNORED.map((name): readonly [string, Change] => [name, variable(name.replace('*', 'X'))]),
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
    '/var/run/secrets/x',
    '/run',
  ].map((path): readonly [string, Change] => [`a mount at ${path}`, mount(path)]),
  [
    'a stricter seccomp profile',
    (c) => Object.assign(c.securityContext, { seccompProfile: { type: 'Localhost', localhostProfile: 'x' } }),
  ],
  [
    'SELinux options',
    (c) =>
      Object.assign(c.securityContext, {
        seLinuxOptions: { level: 's0:c1', type: 'container_t' },
        privileged: false,
        procMount: 'Default',
      }),
  ],
  ['another user', (c) => Object.assign(c.securityContext, { runAsUser: 1000 })],
];

describe.each(['aws-secrets-fetch', 'aws-secrets-check'])('%s', (name) => {
  it.each(ALTERED)('with %s is rejected', (_what, change) => {
    expect(codes(name, change)).toEqual(['POD_CONTAINER_ALTERED']);
  });

  it.each(REFUSED_VARIABLES)('with the variable %s is rejected', (_what, change) => {
    expect(codes(name, change)).toContain(
      // The plan has a check of its own.
      _what === 'the first variable again' && name === 'aws-secrets-fetch'
        ? 'POD_NAME_CONFLICT'
        : 'POD_VARIABLE_REFUSED',
    );
  });

  it.each(HARMLESS)('with %s is unchanged', (_what, change) => {
    expect(decided(name, change)).toMatchObject({ kind: 'unchanged', reason: 'already-injected' });
  });
});

it.each(FETCHER_VARIABLES)('the fetcher with %s is rejected', (_what, change) => {
  expect(codes('aws-secrets-fetch', change)).toEqual(['POD_VARIABLE_REFUSED']);
});

it('the fetcher with the identity that the EKS pod identity webhook adds is unchanged', () => {
  expect(decided('aws-secrets-fetch', token)).toMatchObject({
    kind: 'unchanged',
    reason: 'already-injected',
  });
});

it('the check with another source of the probe is rejected', () => {
  const change: Change = (c) =>
    Object.assign(c.env[0] ?? {}, { valueFrom: { configMapKeyRef: { name: 'x', key: 'x' } } });
  expect(codes('aws-secrets-check', change)).toEqual(['POD_VARIABLE_REFUSED']);
});

it('an injected container without AppArmor, by the annotation, is rejected', () => {
  const pod = structuredClone(INJECTED) as { metadata: { annotations: Json } };
  const key = 'container.apparmor.security.beta.kubernetes.io/aws-secrets-fetch';
  const decideWith = (profile: string) => {
    pod.metadata.annotations[key] = profile;
    return decideInjection(pod, { namespace: 'shop' }, SETTINGS);
  };
  expect(decideWith('unconfined')).toMatchObject({
    kind: 'denied',
    problems: [{ code: 'POD_CONTAINER_ALTERED', subject: 'initContainers[0]' }],
  });
  expect(decideWith('runtime/default')).toMatchObject({ kind: 'unchanged' });
});

function codes(name: string, change: Change): readonly AdmissionCode[] {
  const outcome = decided(name, change);
  return outcome.kind === 'denied' ? [...new Set(outcome.problems.map(({ code }) => code))] : [];
}

function decided(name: string, change: Change) {
  const pod = structuredClone(INJECTED) as unknown as { spec: { initContainers: Container[] } };
  const container = pod.spec.initContainers.find((one) => one.name === name);
  if (container === undefined) throw new Error(`the injected pod has no ${name}`);
  change(container);
  return decideInjection(pod, { namespace: 'shop' }, SETTINGS);
}

function patched(pod: object): object {
  const outcome = decideInjection(pod, { namespace: 'shop' }, SETTINGS);
  if (outcome.kind !== 'injected') throw new Error('nothing was injected');
  return jsonpatch.applyPatch(structuredClone(pod), structuredClone([...outcome.patch]), true).newDocument;
}

function at(mountPath: string): Json {
  return { name: 'own', mountPath };
}

function mount(path: string): Change {
  return (container) => container.volumeMounts.push(at(path));
}

function variable(name: string, value = 'x'): Change {
  return (container) => container.env.push({ name, value });
}

function replace(container: Container, name: string, value: string): void {
  const entry = container.env.find((one) => one['name'] === name);
  if (entry === undefined) throw new Error(`the container has no ${name}`);
  entry['value'] = value;
}

function token(container: Container): void {
  container.env.push(
    { name: 'AWS_REGION', value: 'eu-west-1' },
    { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/shop' },
    { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${TOKENS}/token` },
  );
  container.volumeMounts.push({ name: 'aws-iam-token', mountPath: TOKENS, readOnly: true });
}
