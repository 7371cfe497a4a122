/** What cannot be carried stays, with a reason and what comes nearest. */
import { describe, expect, it } from 'vitest';
import {
  deployment,
  externalSecret,
  migrated,
  type Options,
  providerClass,
  store,
} from '../../../../migrate/migrated.ts';

const ENV = 'env: [{ name: A, valueFrom: { secretKeyRef: { name: made, key: a } } }]';
const ENV_FROM = 'envFrom: [{ secretRef: { name: made } }]';
const VOLUME = 'volumes: [{ name: made, secret: { secretName: made } }]';
const mountAt = (path: string, more = '') => `volumeMounts: [{ name: made, mountPath: ${path}${more} }]`;
const ONE = 'data: [{ secretKey: a, remoteRef: { key: app, property: a } }]';
const ALL = 'dataFrom: [{ extract: { key: app } }]';

function expectLeft(sources: string, pod: string, reason: string, options?: Options): void {
  const { files, migration } = migrated(sources + pod, options);
  expect(files[0]?.migrated).toBe(sources + pod);
  const own = migration.entries.filter(
    ({ object, fate }) => object === 'Deployment/shop/web' && fate === 'not-carried',
  );
  expect(own.map(({ what }) => what).join('\n')).toContain(reason);
  for (const { instead } of own) expect(instead).toMatch(/\w/);
}

describe('an ExternalSecret', () => {
  it.each<[string, string, string, string]>([
    ['without its store', externalSecret(ONE), ENV, 'the SecretStore "aws" is not in these manifests'],
    [
      'of Parameter Store',
      store().replace('SecretsManager', 'ParameterStore') + externalSecret(ONE),
      ENV,
      'the store uses the service "ParameterStore"',
    ],
    [
      'of another provider',
      store().replace('aws: {', 'vault: {') + externalSecret(ONE),
      ENV,
      'the store does not use AWS',
    ],
    [
      'with tags',
      store() + externalSecret('data: [{ secretKey: a, remoteRef: { key: app, metadataPolicy: Fetch } }]'),
      ENV,
      'does not read tags',
    ],
    [
      'that guesses the encoding',
      store() + externalSecret('data: [{ secretKey: a, remoteRef: { key: app, decodingStrategy: Auto } }]'),
      ENV,
      'guesses from the value',
    ],
    [
      'with a query',
      store() +
        externalSecret(
          'data: [{ secretKey: a, remoteRef: { key: app, property: "friends.#(last==\\"M\\").first" } }]',
        ),
      ENV,
      'uses a query or modifier of gjson',
    ],
    [
      'with a generator',
      store() + externalSecret('dataFrom: [{ sourceRef: { generatorRef: { kind: Password, name: p } } }]'),
      ENV_FROM,
      'a generator makes new values',
    ],
    [
      'that searches without a listing',
      store() + externalSecret('dataFrom: [{ find: { name: { regexp: a } } }]'),
      ENV_FROM,
      'known to AWS only',
    ],
    [
      'whose key can come from two secrets',
      store() + externalSecret('dataFrom: [{ extract: { key: app } }, { extract: { key: other } }]'),
      ENV,
      'can come from any of',
    ],
    [
      'that does not provide the key',
      store() + externalSecret(ONE.replace('secretKey: a', 'secretKey: b')),
      ENV,
      'does not provide the key "a"',
    ],
    [
      'that merges into a Secret',
      store() + externalSecret(`target: { creationPolicy: Merge }\n${ONE}`),
      ENV_FROM,
      'keys that this object does not provide',
    ],
    [
      'that removes characters of keys',
      store() +
        externalSecret(
          'dataFrom: [{ extract: { key: app }, rewrite: [{ regexp: { source: "[^a-zA-Z0-9 -]", target: _ } }] }]',
        ),
      ENV_FROM,
      'rewrite does more than',
    ],
    [
      'with a prefix that no variable has',
      store() +
        externalSecret(
          'dataFrom: [{ extract: { key: app }, rewrite: [{ regexp: { source: "(.*)", target: "dev-$1" } }] }]',
        ),
      ENV_FROM,
      'the prefix "dev-" cannot start a variable',
    ],
    [
      'with a condition in a template',
      store() + externalSecret(`target: { template: { data: { a: '{{ if .a }}x{{ end }}' } } }\n${ONE}`),
      ENV,
      'uses more than insertions',
    ],
    [
      'with a function in a template',
      store() + externalSecret(`target: { template: { data: { a: '{{ .a | pkcs12cert }}' } } }\n${ONE}`),
      ENV,
      'no function for "pkcs12cert"',
    ],
    [
      'with two secrets in a template',
      store() +
        externalSecret(
          `target: { template: { data: { a: '{{ .a }}:{{ .b }}' } } }\ndata: [{ secretKey: a, remoteRef: { key: app, property: a } }, { secretKey: b, remoteRef: { key: other, property: b } }]`,
        ),
      ENV,
      'combines several secrets',
    ],
    [
      'with a template in a variable',
      store() + externalSecret(`target: { template: { data: { a: 'x{{ .a }}' } } }\n${ONE}`),
      ENV,
      'files from templates',
    ],
    [
      'with a constant',
      store() + externalSecret(`target: { template: { data: { a: admin } } }\n${ONE}`),
      ENV,
      'a constant, which is no secret',
    ],
  ])('%s', (_name, sources, container, reason) => {
    expectLeft(sources, deployment(container), reason);
  });

  it('whose name ends like a suffix', () => {
    expectLeft(
      store() + externalSecret(ONE.replace('app', 'my-secret')),
      deployment(ENV),
      'ends like the suffix of an ARN',
    );
  });

  it('whose account is not known', () => {
    expectLeft(
      store() + externalSecret(ONE),
      deployment(ENV),
      'the account of the secret "app" is not known',
      { account: undefined },
    );
  });

  it('whose secret is not in the listing', () => {
    expectLeft(store() + externalSecret(ONE), deployment(ENV), 'the listing contains no secret "app"', {
      listed: { other: {} },
    });
  });
});

describe('a pod', () => {
  it.each<[string, string, string, string]>([
    ['with files where a mount would hide others', mountAt('/etc/app'), VOLUME, 'would hide files'],
    ['with a part of a volume', mountAt('/app/secrets/a', ', subPath: a'), VOLUME, 'mounted with subPath'],
    [
      'with a volume of other objects',
      mountAt('/app/secrets'),
      'volumes: [{ name: made, projected: { sources: [{ secret: { name: made } }, { configMap: { name: c } }] } }]',
      'projects other objects',
    ],
  ])('%s', (_name, container, pod, reason) => {
    expectLeft(store() + externalSecret(ONE), deployment(container, pod), reason);
  });

  it('with files of all keys', () => {
    expectLeft(
      store() + externalSecret(ALL),
      deployment(mountAt('/app/secrets'), VOLUME),
      'into a directory below its mount path',
    );
  });

  it('that the webhook would deny', () => {
    const pod = deployment(ENV).replace('command: [sh, -c, exec web]', 'args: [web]');
    expectLeft(store() + externalSecret(ONE), pod, 'ENV_MODE_UNDECIDED');
  });

  it('that has entries already', () => {
    const pod = deployment(ENV).replace(
      'metadata: { labels: { app: web } }',
      'metadata: { annotations: { secrets-injector.dev/secrets: "[]" } }',
    );
    expectLeft(store() + externalSecret(ONE), pod, 'has the annotation secrets already');
  });

  it('without the class of its volume', () => {
    const pod = deployment(
      'volumeMounts: [{ name: v, mountPath: /mnt/v }]',
      'volumes: [{ name: v, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: gone } } }]',
    );
    expectLeft('', pod, 'the SecretProviderClass "gone" is not in these manifests');
  });

  it('with a parameter of Parameter Store in its class', () => {
    const pod = deployment(
      'volumeMounts: [{ name: v, mountPath: /mnt/v }]',
      'volumes: [{ name: v, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: made } } }]',
    );
    expectLeft(
      providerClass(
        '- { objectName: a, objectType: secretsmanager }\n- { objectName: /p, objectType: ssmparameter }',
      ),
      pod,
      'a parameter of Parameter Store',
    );
  });

  it('keeps one use and loses another', () => {
    const pod = deployment(`${ENV}\n${mountAt('/etc/app')}`, VOLUME);
    const { files, migration } = migrated(store() + externalSecret(ONE) + pod);
    expect(files[0]?.migrated).toContain('"secrets-injector.dev/env.A": "app:a"');
    expect(files[0]?.migrated).toContain('secretName: made');
    expect(migration.unneeded).toEqual([]);
    expect(migration.kept).toEqual(['ExternalSecret/shop/made']);
  });

  it('whose role differs by store', () => {
    const role = (name: string) => `role: "arn:aws:iam::111122223333:role/${name}"`;
    const other =
      store(role('two')).replaceAll('name: aws', 'name: two') +
      externalSecret(ONE).replaceAll('name: made', 'name: other').replaceAll('name: aws', 'name: two');
    const pod = deployment(
      `env:\n  - { name: A, valueFrom: { secretKeyRef: { name: made, key: a } } }\n  - { name: B, valueFrom: { secretKeyRef: { name: other, key: a } } }`,
    );
    const { migration, files } = migrated(store(role('one')) + externalSecret(ONE) + other + pod);
    expect(files[0]?.migrated).toContain(
      '"arn:aws:iam::111122223333:role/one", "secrets-injector.dev/secret.app"',
    );
    expect(migration.entries).toContainEqual(
      expect.objectContaining({ field: 'container app, env B', fate: 'not-carried' }),
    );
    const own = migrated(store(role('one')) + externalSecret(ONE) + other + pod, { ownIdentity: true });
    expect(own.files[0]?.migrated).not.toMatch(/assume-role-arn|secretKeyRef/);
  });
});

describe('an object', () => {
  it('that an Ingress uses stays', () => {
    const ingress =
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web, namespace: shop }\nspec: { tls: [{ secretName: made }] }\n---\n';
    const { migration } = migrated(store() + externalSecret(ONE) + ingress + deployment(ENV));
    expect(migration.unneeded).toEqual([]);
    expect(migration.entries).toContainEqual(
      expect.objectContaining({
        object: 'ExternalSecret/shop/made',
        what: 'Ingress/shop/web uses it as well',
      }),
    );
  });

  it('that pulls images stays', () => {
    const { migration } = migrated(
      store() + externalSecret(ONE) + deployment(ENV, 'imagePullSecrets: [{ name: made }]'),
    );
    expect(migration.kept).toEqual(['ExternalSecret/shop/made']);
  });

  it('that no pod uses is reported as such', () => {
    const { migration } = migrated(store() + externalSecret(ONE) + deployment(''));
    expect(migration.entries.filter(({ object }) => object === 'ExternalSecret/shop/made')).toEqual([
      expect.objectContaining({ field: '', fate: 'not-carried', what: 'no pod in these manifests uses it' }),
    ]);
  });

  it('of another namespace is not taken', () => {
    const { migration } = migrated(
      store() + externalSecret(ONE) + deployment(ENV).replace('namespace: shop', 'namespace: other'),
    );
    expect(migration.changes).toEqual([undefined]);
  });

  it('in every namespace is taken where its selector can match', () => {
    const everywhere = (labels: string) => `apiVersion: external-secrets.io/v1
kind: ClusterExternalSecret
metadata: { name: everywhere }
spec:
  namespaceSelectors: [{ matchLabels: { team: shop } }]
  externalSecretSpec:
    secretStoreRef: { name: aws, kind: SecretStore }
    target: { name: made }
    ${ONE}
---
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: ${labels} }
---
`;
    const changed = (labels: string) =>
      migrated(store() + everywhere(labels) + deployment(ENV)).migration.changes.map(
        (change) => change !== undefined,
      );
    expect(changed('{ team: shop }')).toEqual([true]);
    expect(changed('{ team: other }')).toEqual([false]);
  });

  it('whose Secret an Ingress uses keeps its volume, because the driver makes the Secret as long as a pod mounts it', () => {
    const made = providerClass(
      '- { objectName: tls, objectType: secretsmanager }',
      'secretObjects: [{ secretName: made, type: Opaque, data: [{ objectName: tls, key: a }] }]',
    );
    const pod = deployment(
      `${ENV}\nvolumeMounts: [{ name: v, mountPath: /mnt/v }]`,
      'volumes: [{ name: v, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: made } } }]',
    );
    const ingress =
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web, namespace: shop }\nspec: { tls: [{ secretName: made }] }\n---\n';
    const text = (sources: string) => migrated(sources + pod).files[0]?.migrated ?? '';
    expect(text(made)).not.toContain('csi:');
    expect(text(made + ingress)).toContain('driver: secrets-store.csi.k8s.io');
    expect(text(made + ingress)).not.toContain('secretKeyRef');
    // The same if another pod still uses it.
    const other = `---\n${deployment(ENV).replace('command: [sh, -c, exec web]', 'args: [web]').replace('name: web,', 'name: other,')}`;
    expect(migrated(made + pod + other).files[0]?.migrated).toContain('driver: secrets-store.csi.k8s.io');
  });

  it('with static keys is migrated, and the keys are not', () => {
    const keys =
      'auth: { secretRef: { accessKeyIDSecretRef: { name: k, key: id }, secretAccessKeySecretRef: { name: k, key: key } } }';
    const { migration } = migrated(store(keys) + externalSecret(ONE) + deployment(ENV));
    expect(migration.unneeded).toEqual(['ExternalSecret/shop/made']);
    expect(migration.entries).toContainEqual(
      expect.objectContaining({
        field: 'spec.provider.aws.auth.secretRef',
        fate: 'not-carried',
        what: 'the injector never uses static keys',
      }),
    );
  });

  it('with a failover object of another name loses the failover', () => {
    const made = providerClass(
      '- { objectName: one, objectType: secretsmanager, objectAlias: a, failoverObject: { objectName: "arn:aws:secretsmanager:us-east-1:111122223333:secret:other-AbCdEf" } }',
      '',
      'failoverRegion: us-east-1',
    );
    const pod = deployment(
      'volumeMounts: [{ name: v, mountPath: /mnt/v }]',
      'volumes: [{ name: v, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: made } } }]',
    );
    const { migration, files } = migrated(made + pod);
    expect(migration.entries).toContainEqual(
      expect.objectContaining({ field: 'spec.parameters.objects[0].failoverObject', fate: 'not-carried' }),
    );
    expect(files[0]?.migrated).not.toContain('failover:');
  });

  it('before a ConfigMap in envFrom says which one wins', () => {
    const pod = deployment('envFrom: [{ secretRef: { name: made } }, { configMapRef: { name: c } }]');
    const { migration } = migrated(store() + externalSecret(ONE) + pod);
    expect(migration.entries).toContainEqual(
      expect.objectContaining({ field: 'container app, envFrom made', fate: 'changed' }),
    );
  });
});

describe('several objects of one Secret', () => {
  const other = (spec: string) => externalSecret(spec).replace('name: made', 'name: second');
  const merged = 'target: { name: made, creationPolicy: Merge }';
  const two =
    'env: [{ name: A, valueFrom: { secretKeyRef: { name: made, key: a } } }, { name: B, valueFrom: { secretKeyRef: { name: made, key: b } } }]';

  it('provide its keys together', () => {
    const sources =
      store() + externalSecret(ONE) + other(`${merged}\n${ONE.replace('secretKey: a', 'secretKey: b')}`);
    const { files, migration } = migrated(sources + deployment(two));
    expect(files[0]?.migrated).not.toContain('secretKeyRef');
    expect(migration.unneeded).toEqual(['ExternalSecret/shop/made', 'ExternalSecret/shop/second']);
    expect(migrated(sources + deployment(ENV_FROM)).files[0]?.migrated).not.toContain('secretRef');
  });

  it('that make the same key are not carried', () => {
    expectLeft(
      store() + externalSecret(ONE) + other(`${merged}\n${ONE}`),
      deployment(ENV),
      'two objects make the key "a"',
    );
  });

  it('without one that creates it have keys that are not known', () => {
    expectLeft(
      store() +
        externalSecret(`${merged}\n${ONE}`) +
        other(`${merged}\n${ONE.replace('secretKey: a', 'secretKey: b')}`),
      deployment(ENV_FROM),
      'keys that this object does not provide',
    );
  });

  it('are nothing if the object makes none', () => {
    expectLeft(
      store() + externalSecret(`target: { creationPolicy: None }\n${ONE}`),
      deployment(ENV),
      'the object makes no Secret',
    );
  });
});

it('flags stand for a store that is not in the manifests, and the report says so', () => {
  const { migration, files } = migrated(externalSecret(ONE) + deployment(ENV), { region: 'eu-west-1' });
  expect(files[0]?.migrated).not.toContain('secretKeyRef');
  expect(migration.entries).toContainEqual(
    expect.objectContaining({ field: 'spec.secretStoreRef', fate: 'changed' }),
  );
});
