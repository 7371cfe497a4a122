/**
 * Every field of the objects that `migrate` reads, with a value. From the CRDs of external-secrets v1.3.2 and the types of
 * its later versions, from secrets-store-csi-driver v1.6.0 and from the README of its provider for AWS, 3.1.1.
 */

export interface Field {
  /** Where the value is. */
  readonly path: string;
  readonly value: unknown;
}

const of = (prefix: string, values: Readonly<Record<string, unknown>>): readonly Field[] =>
  Object.entries(values).map(([path, value]) => ({ path: `${prefix}${path}`, value }));

export const EXTERNAL_SECRET: readonly Field[] = [
  ...of('spec.', {
    secretStoreRef: { name: 'aws', kind: 'SecretStore' },
    refreshInterval: '1h0m0s',
    refreshPolicy: 'Periodic',
    syncWindows: [{ kind: 'deny', schedule: '0 0 * * *', duration: '1h' }],
  }),
  ...of('spec.target.', {
    name: 'made',
    creationPolicy: 'Owner',
    deletionPolicy: 'Retain',
    immutable: true,
    manifest: { apiVersion: 'v1', kind: 'ConfigMap' },
    'template.type': 'Opaque',
    'template.engineVersion': 'v2',
    'template.mergePolicy': 'Merge',
    'template.metadata.labels': { a: 'b' },
    'template.metadata.annotations': { a: 'b' },
    'template.metadata.finalizers': ['a/b'],
    'template.data': { a: '{{ .a }}' },
    'template.templateFrom': [
      { target: 'Data', configMap: { name: 'tpl', items: [{ key: 'a', templateAs: 'Values' }] } },
      { target: 'Data', secret: { name: 'tpl', items: [{ key: 'a', templateAs: 'KeysAndValues' }] } },
      { target: 'Labels', literal: 'a: b' },
    ],
  }),
  ...of('spec.data[0].remoteRef.', {
    property: 'a',
    version: 'AWSPREVIOUS',
    metadataPolicy: 'Fetch',
    conversionStrategy: 'Unicode',
    decodingStrategy: 'Auto',
    nullBytePolicy: 'Fail',
  }),
  ...of('spec.data[0].', {
    'sourceRef.storeRef': { name: 'aws', kind: 'SecretStore' },
    'sourceRef.generatorRef': {
      apiVersion: 'generators.external-secrets.io/v1alpha1',
      kind: 'UUID',
      name: 'a',
    },
  }),
  ...of('spec.dataFrom[0].extract.', {
    key: 'app',
    property: 'a',
    version: 'uuid/a1b2c3d4-0000-4000-8000-000000000001',
    metadataPolicy: 'None',
    conversionStrategy: 'Default',
    decodingStrategy: 'Base64',
    nullBytePolicy: 'Ignore',
  }),
  ...of('spec.dataFrom[0].', {
    find: {
      path: 'a',
      name: { regexp: 'a' },
      tags: { a: 'b' },
      conversionStrategy: 'Default',
      decodingStrategy: 'None',
    },
    sourceRef: { storeRef: { name: 'aws', kind: 'SecretStore' } },
    'sourceRef.generatorRef': {
      apiVersion: 'generators.external-secrets.io/v1alpha1',
      kind: 'Password',
      name: 'a',
    },
  }),
  ...of('spec.dataFrom[1].', {
    '': { extract: { key: 'app' }, rewrite: [{ regexp: { source: '(.*)', target: 'a$1' } }] },
    rewrite: [{ transform: { template: '{{ .value }}' } }],
    find: { name: { regexp: 'a' } },
  }),
  {
    path: 'spec.dataFrom[0]',
    value: {
      find: { name: { regexp: 'a' } },
      rewrite: [
        {
          merge: {
            into: 'x',
            priority: ['a'],
            strategy: 'JSON',
            conflictPolicy: 'Ignore',
            priorityPolicy: 'Strict',
          },
        },
      ],
    },
  },
];

const SELECTOR = { name: 'keys', key: 'a', namespace: 'shop' };

export const SECRET_STORE: readonly Field[] = [
  ...of('spec.', {
    controller: 'dev',
    refreshInterval: 60,
    retrySettings: { maxRetries: 5, retryInterval: '10s' },
    conditions: [
      {
        namespaces: ['shop'],
        namespaceRegexes: ['a.*'],
        namespaceSelector: {
          matchLabels: { a: 'b' },
          matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
        },
      },
    ],
  }),
  ...of('spec.provider.aws.', {
    service: 'SecretsManager',
    region: 'eu-west-1',
    prefix: 'team/',
    role: 'arn:aws:iam::111122223333:role/reader',
    additionalRoles: ['arn:aws:iam::111122223333:role/other'],
    externalID: 'id',
    sessionTags: [{ key: 'a', value: 'b' }],
    transitiveTagKeys: ['a'],
    sessionTagsPolicy: 'Custom',
    customSessionTags: [{ key: 'a', value: 'b' }],
    secretsManager: { forceDeleteWithoutRecovery: true, recoveryWindowInDays: 7 },
    'auth.jwt.serviceAccountRef': { name: 'reader', namespace: 'shop', audiences: ['a'] },
    'auth.secretRef': {
      accessKeyIDSecretRef: SELECTOR,
      secretAccessKeySecretRef: SELECTOR,
      sessionTokenSecretRef: SELECTOR,
    },
  }),
];

export const CLUSTER_EXTERNAL_SECRET: readonly Field[] = of('spec.', {
  externalSecretName: 'made',
  externalSecretMetadata: { labels: { a: 'b' }, annotations: { a: 'b' } },
  namespaces: ['shop'],
  namespaceSelector: {
    matchLabels: { a: 'b' },
    matchExpressions: [{ key: 'a', operator: 'Exists', values: [] }],
  },
  namespaceSelectors: [{ matchLabels: { a: 'b' } }],
  refreshTime: '1m',
});

export const PROVIDER_CLASS: readonly Field[] = [
  ...of('spec.parameters.', {
    region: 'eu-west-1',
    failoverRegion: 'us-east-1',
    pathTranslation: '-',
    usePodIdentity: 'true',
    preferredAddressType: 'ipv4',
  }),
  ...of('spec.parameters.objects[0].', {
    objectType: 'secretsmanager',
    objectAlias: 'alias',
    objectVersion: 'a1b2c3d4-0000-4000-8000-000000000001',
    objectVersionLabel: 'AWSCURRENT',
    filePermission: '0400',
    objectTemplate: '{{ . }}',
    jmesPath: [{ path: 'a', objectAlias: 'a.txt', filePermission: '0444' }],
    failoverObject: { objectName: 'other', objectVersion: '1', objectVersionLabel: 'x' },
  }),
  ...of('spec.secretObjects[0].', {
    secretName: 'made',
    type: 'Opaque',
    labels: { a: 'b' },
    annotations: { a: 'b' },
    data: [
      { objectName: 'one', key: 'a' },
      { plainValue: 'x', key: 'b' },
    ],
  }),
];
