/** The access of the webhook to the API server: its own Secret, its own registrations and the list of nodes, all of which can be removed. */
import { expect, it } from 'vitest';
import { variableName } from '../../../src/runtime/settings/settings.ts';
import { readWebhookSettings } from '../../../src/webhook/settings.ts';
import { at, documents, listAt, only, yamlFiles } from './manifest-files.ts';

const NAME = 'aws-secrets-injector';
const [role = {}, binding = {}] = documents('base/node-list.yaml');
const account = only('base/service-account.yaml');
const deployment = only('base/deployment.yaml');

it('is the right to list nodes, for one service account', () => {
  expect(at(role, 'rules')).toEqual([{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]);
  expect(at(binding, 'roleRef')).toEqual({
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: at(role, 'metadata.name'),
  });
  expect(at(binding, 'subjects')).toEqual([
    {
      kind: 'ServiceAccount',
      name: at(account, 'metadata.name'),
      namespace: at(account, 'metadata.namespace'),
    },
  ]);
  expect(at(deployment, 'spec.template.spec.serviceAccountName')).toBe(at(account, 'metadata.name'));
});

it('is otherwise limited to the named Secret and registrations, as the settings name them', () => {
  const settings = readWebhookSettings(['--image=x'], {});
  if (settings.kind !== 'settings') throw new Error('the defaults are not valid');
  const { 'ca-secret': secret, registrations } = settings.values;
  const [inNamespace = {}, , inCluster = {}] = documents('base/certificate-access.yaml');
  expect(at(inNamespace, 'rules')).toEqual([
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: [secret],
      verbs: ['get', 'watch', 'patch', 'create'],
    },
  ]);
  expect(at(inCluster, 'rules')).toEqual([
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['mutatingwebhookconfigurations'],
      resourceNames: registrations,
      verbs: ['get', 'watch', 'patch'],
    },
  ]);
  const names = ['base', 'components/second-pass/registration'].map((folder) =>
    at(only(`${folder}/mutating-webhook-configuration.yaml`), 'metadata.name'),
  );
  expect(registrations).toEqual(names);
});

it('applying the manifests changes neither the data of the Secret nor caBundle', () => {
  const secret = only('base/certificate-authority.yaml');
  expect(Object.keys(secret).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
  for (const folder of ['base', 'components/second-pass/registration'])
    expect(JSON.stringify(only(`${folder}/mutating-webhook-configuration.yaml`))).not.toContain('caBundle');
});

it('has no other permission in the manifests', () => {
  const kinds = ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
  const rights = yamlFiles()
    .flatMap((file) => documents(file).map((document) => [file, String(at(document, 'kind'))] as const))
    .filter(([, kind]) => kinds.includes(kind));
  expect(rights).toEqual([
    ['base/certificate-access.yaml', 'Role'],
    ['base/certificate-access.yaml', 'RoleBinding'],
    ['base/certificate-access.yaml', 'ClusterRole'],
    ['base/certificate-access.yaml', 'ClusterRoleBinding'],
    ['base/node-list.yaml', 'ClusterRole'],
    ['base/node-list.yaml', 'ClusterRoleBinding'],
    // Of the audit, which has a service account of its own.
    ['components/audit/access.yaml', 'ClusterRole'],
    ['components/audit/access.yaml', 'ClusterRoleBinding'],
    // Optional, and only for Events about rejected pods.
    ['components/events/access.yaml', 'ClusterRole'],
    ['components/events/access.yaml', 'ClusterRoleBinding'],
    // Of the rollout controller, which has a service account of its own.
    ['components/rollout/access.yaml', 'ClusterRole'],
    ['components/rollout/access.yaml', 'ClusterRoleBinding'],
    ['components/rollout/access.yaml', 'Role'],
    ['components/rollout/access.yaml', 'RoleBinding'],
  ]);
});

it('needs a token, which only the Deployment mounts', () => {
  expect(at(account, 'automountServiceAccountToken')).toBe(false);
  expect(at(deployment, 'spec.template.spec.automountServiceAccountToken')).toBe(true);
});

it('uses only the usual ports of API servers', () => {
  const policy = only('base/network-policy.yaml');
  expect(at(policy, 'spec.policyTypes')).toEqual(['Ingress', 'Egress']);
  expect(at(policy, 'spec.egress')).toEqual([
    { ports: [443, 6443].map((port) => ({ port, protocol: 'TCP' })) },
  ]);
});

it('can be removed completely', () => {
  const patches = listAt(only('components/no-api-access/kustomization.yaml'), 'patches');
  const texts = patches.map((patch) => String(at(patch, 'patch')));
  for (const object of [role, binding]) {
    const deleted = texts.find(
      (text) => text.includes('$patch: delete') && text.includes(`kind: ${at(object, 'kind')}\n`),
    );
    expect(deleted).toContain(`name: ${at(object, 'metadata.name')}`);
  }
  expect(texts.filter((text) => !text.includes('$patch'))).toEqual([
    '- op: replace\n  path: /spec/template/spec/automountServiceAccountToken\n  value: false',
    '- op: replace\n  path: /spec/egress\n  value: []',
  ]);
});

it('native variables can be forbidden by an existing setting, and by a policy for the volume names', () => {
  const [patch] = listAt(only('components/no-native-variables/kustomization.yaml'), 'patches');
  const text = String(at(patch, 'patch'));
  const [, name, value] = /name: (\S+)\n +value: "(\w+)"/.exec(text) ?? [];
  expect(name).toBe(variableName('native-variables'));
  const read = readWebhookSettings(['--image=x'], { [String(name)]: value });
  expect(read).toMatchObject({ kind: 'settings', values: { 'native-variables': 'off' } });
  const [policy = {}, bound = {}] = documents('components/no-native-variables/policy.yaml');
  expect(at(bound, 'spec.policyName')).toBe(at(policy, 'metadata.name'));
  const [validation] = listAt(policy, 'spec.validations');
  expect(at(validation, 'expression')).toContain(
    "e.valueFrom.fileKeyRef.volumeName.startsWith('aws-secrets')",
  );
  expect(String(at(validation, 'message'))).toContain('secrets-injector.dev/env-mode');
});

it('the second registration equals the first one except for the names, and is called once', () => {
  const first = only('base/mutating-webhook-configuration.yaml');
  const second = only('components/second-pass/registration/mutating-webhook-configuration.yaml');
  expect(at(second, 'metadata.name')).toBe(`zz-${at(first, 'metadata.name')}`);
  const [webhook = {}, ...others] = listAt(second, 'webhooks');
  const [, attempt = {}, ...retries] = listAt(first, 'webhooks');
  expect(others).toEqual([]);
  const { name: _, failurePolicy, timeoutSeconds } = retries.at(-1) ?? {};
  expect({ ...webhook, name: '' }).toEqual({ ...attempt, name: '', failurePolicy, timeoutSeconds });
  expect(at(second, 'webhooks.0.name')).not.toBe(at(first, 'webhooks.0.name'));
  expect(at(second, 'webhooks.0.name')).toMatch(/^[a-z-]+\.secrets-injector\.dev$/);
});

it('has a caBundle in the same overlays as the first one', () => {
  expect(at(only('components/second-pass/cert-manager/ca-injection.yaml'), 'metadata.annotations')).toEqual(
    at(only('overlays/cert-manager/ca-injection.yaml'), 'metadata.annotations'),
  );
  const [replacement] = listAt(
    only('components/second-pass/generated-certs/kustomization.yaml'),
    'replacements',
  );
  const fieldPath = 'webhooks.0.clientConfig.caBundle';
  const kind = 'MutatingWebhookConfiguration';
  expect(replacement).toEqual({
    source: { kind, name: NAME, fieldPath },
    targets: [{ select: { kind, name: `zz-${NAME}` }, fieldPaths: [fieldPath], options: { create: true } }],
  });
});
