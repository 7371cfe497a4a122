/** The output of kustomize for overlays with components, as in the manual. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { LISTS } from '../../../src/cli/audit/live-cluster.ts';
import { AUDIT_SETTINGS } from '../../../src/cli/commands/audit-settings.ts';
import { readRolloutSettings } from '../../../src/rollout/settings.ts';
import { readSettings, variableName } from '../../../src/runtime/settings/settings.ts';
import { readPage } from '../docs/page.ts';
import { at, type JsonObject, listAt, MANIFESTS } from './manifest-files.ts';

const NAME = 'aws-secrets-injector';
const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-kustomize-'));
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
// Substitutes for the files of the certs command.
const CERTS = {
  'tls.crt': 'certificate',
  'tls.key': 'not a key',
  'ca-bundle.yaml': [0, 1, 2, 3, 4]
    .map((index) => `- op: add\n  path: /webhooks/${index}/clientConfig/caBundle\n  value: Q0E=\n`)
    .join(''),
};

beforeAll(() => {
  cpSync(MANIFESTS, path.join(folder, 'manifests'), { recursive: true });
  const certs = path.join(folder, 'manifests/overlays/generated-certs/certs');
  mkdirSync(certs, { recursive: true });
  for (const [name, text] of Object.entries(CERTS)) writeFileSync(path.join(certs, name), text);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds an overlay with components. Skips the test if kubectl is not installed. */
function build(
  context: TestContext,
  overlay: string,
  ...components: readonly string[]
): readonly JsonObject[] {
  return buildWith(context, { overlay, components });
}

interface Kustomization {
  readonly overlay: string;
  readonly components: readonly string[];
  readonly patches?: readonly object[];
}

function buildWith(
  context: TestContext,
  { overlay, components, patches = [] }: Kustomization,
): readonly JsonObject[] {
  if (!hasKubectl) context.skip('kubectl is not installed');
  const mine = mkdtempSync(path.join(folder, 'my-cluster-'));
  writeFileSync(
    path.join(mine, 'kustomization.yaml'),
    JSON.stringify({
      resources: [`../manifests/overlays/${overlay}`],
      components: components.map((name) => `../manifests/components/${name}`),
      patches,
      images: [{ name: NAME, newName: 'registry.example/injector', newTag: '2' }],
    }),
  );
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', mine], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return parseAllDocuments(stdout).map((document) => document.toJS() as JsonObject);
}

function named(objects: readonly JsonObject[], kind: string, name = NAME): JsonObject | undefined {
  return objects.find((one) => at(one, 'kind') === kind && at(one, 'metadata.name') === name);
}

it('the base needs no certificate: nothing is mounted, and no object has a caBundle', (context) => {
  const objects = build(context, '../base', 'second-pass/registration');
  expect(JSON.stringify(objects).includes('"caBundle"')).toBe(false);
  expect(at(named(objects, 'Deployment'), 'spec.template.spec.volumes')).toBeUndefined();
  expect(at(named(objects, 'Secret', `${NAME}-webhook-ca`), 'data')).toBeUndefined();
  expect(named(objects, 'Role', `${NAME}-certificates`)).toBeDefined();
});

it.for(['generated-certs', 'cert-manager'])(
  '%s mounts its certificate and has no rights for self-managed ones',
  (overlay, context) => {
    const objects = build(context, overlay);
    const [container] = listAt(named(objects, 'Deployment'), 'spec.template.spec.containers');
    expect(listAt(container, 'env')).toContainEqual({
      name: 'SECRETS_INJECTOR_CERTIFICATES',
      value: 'files',
    });
    expect(listAt(container, 'volumeMounts')).toEqual([
      { name: 'certs', mountPath: '/certs', readOnly: true },
    ]);
    expect(listAt(named(objects, 'Deployment'), 'spec.template.spec.volumes')).toHaveLength(1);
    const names = objects.map((one) => `${at(one, 'kind')} ${at(one, 'metadata.name')}`);
    expect(names.filter((name) => /Role|Secret .*-webhook-ca/.test(name)).sort()).toEqual([
      `ClusterRole ${NAME}-nodes`,
      `ClusterRoleBinding ${NAME}-nodes`,
    ]);
  },
);

it('the second registration gets the caBundle of generated certificates', (context) => {
  const objects = build(context, 'generated-certs', 'second-pass/generated-certs');
  const configurations = objects.filter((one) => at(one, 'kind') === 'MutatingWebhookConfiguration');
  expect(
    configurations.map((one) => [at(one, 'metadata.name'), at(one, 'webhooks.0.clientConfig.caBundle')]),
  ).toEqual([
    [NAME, 'Q0E='],
    [`zz-${NAME}`, 'Q0E='],
  ]);
});

it('cert-manager sets the caBundle of the second registration as well', (context) => {
  const objects = build(context, 'cert-manager', 'second-pass/cert-manager');
  const annotations = [NAME, `zz-${NAME}`].map((name) =>
    at(named(objects, 'MutatingWebhookConfiguration', name), 'metadata.annotations'),
  );
  expect(annotations).toEqual(Array(2).fill({ 'cert-manager.io/inject-ca-from': `${NAME}/${NAME}-tls` }));
});

it('no-api-access removes the role, the token and the egress', (context) => {
  const objects = build(context, 'generated-certs', 'no-api-access');
  expect(objects.filter((one) => String(at(one, 'kind')).startsWith('ClusterRole'))).toEqual([]);
  expect(at(named(objects, 'Deployment'), 'spec.template.spec.automountServiceAccountToken')).toBe(false);
  expect(at(named(objects, 'NetworkPolicy'), 'spec.egress')).toEqual([]);
});

it('events adds the permission and the setting, and says in both registrations that dry runs have none', (context) => {
  const objects = build(context, '../base', 'second-pass/registration', 'events');
  expect(at(named(objects, 'ClusterRole', `${NAME}-events`), 'rules')).toEqual([
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ]);
  const [container] = listAt(named(objects, 'Deployment'), 'spec.template.spec.containers');
  expect(listAt(container, 'env')).toContainEqual({ name: variableName('policy-events'), value: 'true' });
  const registrations = objects.filter((one) => at(one, 'kind') === 'MutatingWebhookConfiguration');
  const sideEffects = registrations.map((one) => at(listAt(one, 'webhooks')[0], 'sideEffects'));
  expect(sideEffects).toEqual(['NoneOnDryRun', 'NoneOnDryRun']);
});

it('rollout runs a program of its own, with its own service account and rights, as the Pod Security profile requires', (context) => {
  const objects = build(context, '../base', 'rollout');
  const name = `${NAME}-rollout`;
  const pod = at(named(objects, 'Deployment', name), 'spec.template.spec');
  const [container] = listAt(pod, 'containers');
  expect([at(pod, 'serviceAccountName'), at(container, 'args'), at(container, 'image')]).toEqual([
    name,
    ['rollout'],
    'registry.example/injector:2',
  ]);
  expect(at(container, 'securityContext')).toEqual(
    at(listAt(at(named(objects, 'Deployment'), 'spec.template.spec'), 'containers')[0], 'securityContext'),
  );
  const variables = listAt(container, 'env').map(({ name: key, value }) => [String(key), value?.toString()]);
  expect(readRolloutSettings([], Object.fromEntries(variables))).toMatchObject({ kind: 'settings' });
  expect(at(named(objects, 'ClusterRole', name), 'rules')).toEqual([
    {
      apiGroups: ['apps'],
      resources: ['deployments', 'statefulsets', 'daemonsets'],
      verbs: ['list', 'watch', 'patch'],
    },
    { apiGroups: ['argoproj.io'], resources: ['rollouts'], verbs: ['list', 'watch', 'patch'] },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list', 'watch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
  ]);
  expect(at(named(objects, 'Role', name), 'rules')).toEqual([
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: [name],
      verbs: ['get', 'patch', 'create'],
    },
  ]);
});

it('audit runs as the Pod Security profile requires, lists objects, and reads no Secret', (context) => {
  const example = /```yaml\n( *components:\n.*?)```/s.exec(readPage('docs/guides/audit.md'))?.[1] ?? '';
  const { patches } = parse(example) as { readonly patches: readonly object[] };
  const objects = buildWith(context, { overlay: '../base', components: ['audit'], patches });
  const name = `${NAME}-audit`;
  const pod = at(named(objects, 'CronJob', name), 'spec.jobTemplate.spec.template.spec');
  const [container] = listAt(pod, 'containers');
  expect([at(pod, 'serviceAccountName'), at(container, 'image')]).toEqual([
    name,
    'registry.example/injector:2',
  ]);
  expect(at(container, 'securityContext')).toEqual(
    at(listAt(at(named(objects, 'Deployment'), 'spec.template.spec'), 'containers')[0], 'securityContext'),
  );
  const [command, ...args] = at(container, 'args') as readonly string[];
  expect([command, readSettings(AUDIT_SETTINGS, args, {}).kind]).toEqual(['audit', 'settings']);
  const account = named(objects, 'ServiceAccount', name);
  expect(at(account, 'metadata.annotations')).toHaveProperty(['eks.amazonaws.com/role-arn']);
  const rules = listAt(named(objects, 'ClusterRole', name), 'rules');
  expect(new Set(rules.flatMap((rule) => listAt(rule, 'verbs')))).toEqual(new Set(['list']));
  expect(
    rules
      .flatMap((rule) => listAt(rule, 'resources'))
      .map(String)
      .toSorted(),
  ).toEqual(LISTS.toSorted());
});

it('traces opens the egress to a collector, with its name', (context) => {
  const egress = (...components: readonly string[]) =>
    listAt(named(build(context, '../base', ...components), 'NetworkPolicy'), 'spec.egress').flatMap((rule) =>
      listAt(rule, 'ports').map((port) => `${at(port, 'protocol')} ${at(port, 'port')}`),
    );
  expect(egress()).toEqual(['TCP 443', 'TCP 6443']);
  expect(egress('traces')).toEqual([...egress(), 'TCP 4318', 'UDP 53', 'TCP 53']);
});

it.for(['../base', 'generated-certs'])(
  'policy mounts the ConfigMap where the setting expects the file, and a patch replaces the policy: %s',
  (overlay, context) => {
    const own = 'rules: [{ name: shop, namespaces: [shop], roles: [] }]\n';
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${NAME}-policy`, namespace: NAME },
      data: { 'policy.yaml': own },
    };
    const [standard, replaced] = [[], [{ patch: JSON.stringify(configMap) }]].map((patches) =>
      buildWith(context, {
        overlay,
        components: ['policy', 'no-native-variables'],
        patches,
      }),
    );
    expect(at(named(standard ?? [], 'ConfigMap', `${NAME}-policy`), 'data')).toEqual({
      'policy.yaml': 'rules: []\n',
    });
    expect(at(named(replaced ?? [], 'ConfigMap', `${NAME}-policy`), 'data')).toEqual({ 'policy.yaml': own });
    const pod = at(named(standard ?? [], 'Deployment'), 'spec.template.spec');
    const [container] = listAt(pod, 'containers');
    const file = listAt(container, 'env').find((one) => one['name'] === variableName('policy-file'))?.[
      'value'
    ];
    const mount = listAt(container, 'volumeMounts').find(
      (one) => one['mountPath'] === path.dirname(String(file)),
    );
    expect(mount).toEqual({ name: 'policy', mountPath: '/policy', readOnly: true });
    expect(listAt(pod, 'volumes')).toContainEqual({ name: 'policy', configMap: { name: `${NAME}-policy` } });
    expect(path.basename(String(file))).toBe('policy.yaml');
  },
);

it('monitoring contains the objects of the Prometheus Operator, and the dashboard for the sidecar of Grafana', (context) => {
  const objects = build(context, '../monitoring');
  expect(objects.map((one) => [at(one, 'kind'), at(one, 'metadata.namespace')]).toSorted()).toEqual([
    ['ConfigMap', NAME],
    ['PodMonitor', NAME],
    ['PrometheusRule', NAME],
  ]);
  const dashboard = named(objects, 'ConfigMap', `${NAME}-dashboard`);
  expect(at(dashboard, 'metadata.labels')).toMatchObject({ grafana_dashboard: '1' });
  expect(Object.keys(at(dashboard, 'data') ?? {})).toEqual(['dashboard.json']);
});

it('autoscaling leaves the number of replicas to the autoscaler, from two on', (context) => {
  const objects = build(context, '../base', 'autoscaling');
  expect(at(named(objects, 'Deployment'), 'spec.replicas')).toBeUndefined();
  expect(at(named(objects, 'HorizontalPodAutoscaler'), 'spec')).toMatchObject({
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: NAME },
    minReplicas: 2,
  });
});

it('no-native-variables adds the setting and the policy', (context) => {
  const objects = build(context, 'generated-certs', 'no-native-variables', 'no-api-access');
  const [container] = listAt(named(objects, 'Deployment'), 'spec.template.spec.containers');
  expect(listAt(container, 'env')).toContainEqual({
    name: 'SECRETS_INJECTOR_NATIVE_VARIABLES',
    value: 'off',
  });
  expect(at(container, 'image')).toBe('registry.example/injector:2');
  for (const kind of ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'])
    expect(named(objects, kind, `${NAME}-no-native-variables`)).toBeDefined();
});
