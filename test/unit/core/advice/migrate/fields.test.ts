/** No field of the tools is left out: each is carried, changed or reported. */
import { expect, it } from 'vitest';
import { deployment, migrated } from '../../../../migrate/migrated.ts';
import {
  CLUSTER_EXTERNAL_SECRET,
  EXTERNAL_SECRET,
  type Field,
  PROVIDER_CLASS,
  SECRET_STORE,
} from './fields.ts';

type Data = Record<string, unknown>;

/** Sets a value at a path such as `spec.data[0].remoteRef`. */
function withField(object: object, { path, value }: Field): Data {
  const copy = structuredClone(object) as Data;
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  let node: Data = copy;
  for (const [index, key] of keys.slice(0, -1).entries()) {
    node[key] ??= /^\d+$/.test(keys[index + 1] ?? '') ? [] : {};
    node = node[key] as Data;
  }
  node[keys.at(-1) ?? ''] = structuredClone(value);
  return copy;
}

const POD = deployment(
  'envFrom: [{ secretRef: { name: made } }]\nvolumeMounts: [{ name: secrets, mountPath: /mnt/secrets-store }]',
  'volumes: [{ name: secrets, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: made } } }]',
);
const META = { name: 'made', namespace: 'shop' };
const API = 'external-secrets.io/v1';
const AWS = { service: 'SecretsManager', region: 'eu-west-1' };
const STORE = {
  apiVersion: API,
  kind: 'SecretStore',
  metadata: { name: 'aws', namespace: 'shop' },
  spec: { provider: { aws: AWS } },
};
const DATA = { data: [{ secretKey: 'a', remoteRef: { key: 'app' } }] };
const REFERENCE = { secretStoreRef: { name: 'aws', kind: 'SecretStore' } };
const SECRET = { apiVersion: API, kind: 'ExternalSecret', metadata: META, spec: { ...REFERENCE, ...DATA } };
const EVERYWHERE = {
  apiVersion: API,
  kind: 'ClusterExternalSecret',
  metadata: META,
  spec: { namespaces: ['shop'], externalSecretSpec: SECRET.spec },
};
const CLASS = {
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: META,
  spec: { provider: 'aws', parameters: { region: 'eu-west-1' } },
};

/** The paths of leaves. */
function leaves(path: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, index) => leaves(`${path}[${index}]`, item));
  const members =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return members.length > 0
    ? members.flatMap(([key, member]) => leaves(path === '' ? key : `${path}.${key}`, member))
    : [path];
}

function expectReported(object: Data, others: readonly object[], title: string, spec = object['spec']): void {
  const manifests = [object, ...others].map((one) => `---\n${JSON.stringify(one)}\n`).join('');
  const { migration } = migrated(`${manifests}---\n${POD}`);
  const entries = migration.entries.filter((entry) => entry.object === title);
  for (const leaf of leaves('spec', spec)) {
    const own = entries.filter(
      ({ field }) =>
        field === '' || leaf === field || leaf.startsWith(`${field}.`) || leaf.startsWith(`${field}[`),
    );
    expect(own, leaf).not.toEqual([]);
    for (const { what } of own) expect(what, leaf).not.toContain('does not know this field');
  }
}

it.each(EXTERNAL_SECRET)('ExternalSecret $path', (field) => {
  expectReported(withField(SECRET, field), [STORE], 'ExternalSecret/shop/made');
});

it.each(SECRET_STORE)('SecretStore $path', (field) => {
  expectReported(withField(STORE, field), [SECRET], 'SecretStore/shop/aws');
});

it.each(CLUSTER_EXTERNAL_SECRET)('ClusterExternalSecret $path', (field) => {
  expectReported(withField(EVERYWHERE, field), [STORE], 'ClusterExternalSecret/shop/made');
});

it.each(PROVIDER_CLASS)('SecretProviderClass $path', (field) => {
  const objects = [{ objectName: 'one', objectType: 'secretsmanager' }];
  const whole = withField(
    { spec: { ...CLASS.spec, parameters: { ...CLASS.spec.parameters, objects } } },
    field,
  )['spec'] as Data;
  const parameters = whole['parameters'] as Data;
  const written = { ...parameters, objects: JSON.stringify(parameters['objects']) };
  expectReported(
    { ...CLASS, spec: { ...whole, parameters: written } },
    [],
    'SecretProviderClass/shop/made',
    whole,
  );
});

it.each([
  ['ExternalSecret', SECRET, [STORE], 'spec.target.future'],
  ['ExternalSecret', SECRET, [STORE], 'spec.data[0].remoteRef.future'],
  ['SecretStore', STORE, [SECRET], 'spec.provider.aws.future'],
  [
    'SecretProviderClass',
    { ...CLASS, spec: { provider: 'aws', parameters: { region: 'eu-west-1', objects: '[]' } } },
    [],
    'spec.parameters.future',
  ],
])('a field of %s that migrate does not know is reported', (kind, object, others, path) => {
  const manifests = [withField(object, { path, value: 'x' }), ...others]
    .map((one) => `---\n${JSON.stringify(one)}\n`)
    .join('');
  const { migration } = migrated(`${manifests}---\n${POD}`);
  expect(migration.entries.filter(({ field }) => field === path)).toEqual([
    expect.objectContaining({
      object: expect.stringContaining(kind) as string,
      fate: 'not-carried',
      what: 'migrate does not know this field',
    }),
  ]);
});
