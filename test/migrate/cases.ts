/**
 * What the documentation of the tools shows for AWS, in own words, and what the application gets from the tool. The names
 * of containers are left out where there is one.
 */
import { CSI_VOLUME, deployment, externalSecret, type Options, providerClass, store } from './migrated.ts';

export interface Case {
  readonly name: string;
  readonly manifests: string;
  /** Values by the names of secrets; a version can follow the name. */
  readonly secrets: Readonly<Record<string, string | Uint8Array>>;
  readonly options?: Options;
  /** What the container `app` gets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** By absolute paths. */
  readonly files?: Readonly<Record<string, string>>;
}

const env = (...pairs: readonly (readonly [string, string])[]) =>
  `env:\n${pairs.map(([name, key]) => `  - { name: ${name}, valueFrom: { secretKeyRef: { name: made, key: ${key} } } }\n`).join('')}`;
const ENV_FROM = 'envFrom: [{ secretRef: { name: made } }]';
const MOUNT = 'volumeMounts: [{ name: made, mountPath: /app/secrets, readOnly: true }]';
const VOLUME = 'volumes: [{ name: made, secret: { secretName: made } }]';
const CSI_MOUNT = 'volumeMounts: [{ name: secrets, mountPath: /mnt/secrets-store, readOnly: true }]';

const FRIENDS = JSON.stringify({
  name: { first: 'Ann', last: 'Lee' },
  friends: [{ first: 'Bo' }, { first: 'Cy' }],
});

export const EXTERNAL_SECRETS: readonly Case[] = [
  {
    name: 'a nested property, and one of a list',
    manifests:
      store() +
      externalSecret(`data:
  - { secretKey: my_name, remoteRef: { key: friendslist, property: name.first } }
  - { secretKey: second_friend, remoteRef: { key: friendslist, property: friends.1.first } }
  - { secretKey: count, remoteRef: { key: friendslist, property: friends.# } }
`) +
      deployment(env(['NAME', 'my_name'], ['FRIEND', 'second_friend'], ['COUNT', 'count'])),
    secrets: { friendslist: FRIENDS },
    variables: { NAME: 'Ann', FRIEND: 'Cy', COUNT: '2' },
  },
  {
    name: 'versions by stage and by ID',
    manifests:
      store() +
      externalSecret(`data:
  - { secretKey: previous, remoteRef: { key: production/api-key, version: AWSPREVIOUS } }
  - { secretKey: current, remoteRef: { key: production/api-key, version: AWSCURRENT } }
  - { secretKey: named, remoteRef: { key: production/api-key, version: uuid/a1b2c3d4-0000-4000-8000-000000000001 } }
`) +
      deployment(env(['PREVIOUS', 'previous'], ['CURRENT', 'current'], ['NAMED', 'named'])),
    secrets: {
      'production/api-key': 'new',
      'production/api-key AWSPREVIOUS': 'old',
      'production/api-key a1b2c3d4-0000-4000-8000-000000000001': 'one of long ago',
    },
    variables: { PREVIOUS: 'old', CURRENT: 'new', NAMED: 'one of long ago' },
  },
  {
    name: 'all keys of a secret as variables, beside a variable of the container',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: service/anchore } }]') +
      deployment(`${ENV_FROM}\nenv: [{ name: user, value: mine }]`),
    secrets: { 'service/anchore': '{"user":"theirs","password":"p","port":8228,"on":true}' },
    variables: { password: 'p', port: '8228', on: 'true' },
  },
  {
    name: 'single keys of all keys, and a prefix of envFrom',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: app } }]') +
      deployment(`${env(['USER_NAME', 'username'])}envFrom: [{ prefix: APP_, secretRef: { name: made } }]`),
    secrets: { app: '{"username":"u","surname":"s"}' },
    variables: { USER_NAME: 'u', APP_username: 'u', APP_surname: 's' },
  },
  {
    name: 'the keys of two secrets, told apart by a prefix',
    manifests:
      store() +
      externalSecret(`dataFrom:
  - extract: { key: my-secrets-dev }
    rewrite: [{ regexp: { source: "(.*)", target: "dev_$1" } }]
  - extract: { key: my-secrets-prod }
    rewrite: [{ regexp: { source: "(.*)", target: "prod_$1" } }]
`) +
      deployment(`${ENV_FROM}\n${env(['ONE', 'prod_password'])}`),
    secrets: { 'my-secrets-dev': '{"password":"bar"}', 'my-secrets-prod': '{"password":"safebar"}' },
    variables: { dev_password: 'bar', prod_password: 'safebar', ONE: 'safebar' },
  },
  {
    name: 'of two secrets with one key, the later one wins, and data wins over both',
    manifests:
      store() +
      externalSecret(`dataFrom: [{ extract: { key: one } }, { extract: { key: two } }]
data: [{ secretKey: c, remoteRef: { key: three } }]
`) +
      deployment(ENV_FROM),
    secrets: { one: '{"a":"1","b":"1","c":"1"}', two: '{"b":"2","c":"2"}', three: '3' },
    variables: { a: '1', b: '2', c: '3' },
  },
  {
    name: 'the same beside a variable from the earlier one',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: one } }, { extract: { key: two } }]') +
      externalSecret('data: [{ secretKey: x, remoteRef: { key: one, property: a } }]').replace(
        'name: made',
        'name: other',
      ) +
      deployment(`${ENV_FROM}\nenv: [{ name: X, valueFrom: { secretKeyRef: { name: other, key: x } } }]`),
    secrets: { one: '{"a":"1","b":"1"}', two: '{"b":"2"}' },
    variables: { X: '1', a: '1', b: '2' },
  },
  {
    name: 'names of secrets as names of variables',
    manifests:
      store() +
      externalSecret(`dataFrom:
  - find: { name: { regexp: ".*" } }
    rewrite: [{ transform: { template: 'ENV_{{ .value | upper | replace "-" "_" }}' } }]
`) +
      deployment(ENV_FROM),
    secrets: { 'foo-nut-bar': 'HELLO1', 'foo-naz-bar': 'HELLO2' },
    options: { listed: { 'foo-nut-bar': {}, 'foo-naz-bar': {} } },
    variables: { ENV_FOO_NUT_BAR: 'HELLO1', ENV_FOO_NAZ_BAR: 'HELLO2' },
  },
  {
    name: 'keys as upper case names of variables',
    manifests:
      store() +
      externalSecret(`dataFrom:
  - extract: { key: app }
    rewrite: [{ transform: { template: "ENV_{{ .value | upper }}" } }]
`) +
      deployment(ENV_FROM),
    secrets: { app: '{"user":"u"}' },
    variables: { ENV_USER: 'u' },
  },
  {
    name: 'secrets whose names match, without their common path',
    manifests:
      store() +
      externalSecret(`dataFrom:
  - find: { path: path/to/my, name: { regexp: secrets } }
    rewrite: [{ regexp: { source: "path/to/my/secrets/(.*)", target: "$1" } }]
`) +
      deployment(ENV_FROM),
    secrets: { 'path/to/my/secrets/username': 'u', 'path/to/my/secrets/password': 'p' },
    options: {
      listed: { 'path/to/my/secrets/username': {}, 'path/to/my/secrets/password': {}, 'other/secrets/x': {} },
    },
    variables: { username: 'u', password: 'p' },
  },
  {
    name: 'secrets found by name, as files with converted names',
    manifests:
      store() + externalSecret('dataFrom: [{ find: { name: { regexp: key } } }]') + deployment(MOUNT, VOLUME),
    secrets: { '/path/key1': '1', 'key2/path': '2', 'path/to/keyring': '3' },
    options: { listed: { '/path/key1': {}, 'key2/path': {}, 'path/to/keyring': {}, other: {} } },
    files: {
      '/app/secrets/_path_key1': '1',
      '/app/secrets/key2_path': '2',
      '/app/secrets/path_to_keyring': '3',
    },
  },
  {
    name: 'secrets found by tags',
    manifests:
      store() +
      externalSecret('dataFrom: [{ find: { tags: { environment: prod, application: app } } }]') +
      deployment(MOUNT, VOLUME),
    secrets: { a: '1' },
    options: {
      listed: {
        a: { environment: 'prod', application: 'app' },
        b: { environment: 'dev', application: 'app' },
      },
    },
    files: { '/app/secrets/a': '1' },
  },
  {
    name: 'the keys of all secrets that match',
    manifests:
      store() +
      externalSecret(`dataFrom:
  - find: { path: path/to/secrets, name: { regexp: ".*-credentials" } }
    rewrite: [{ merge: {} }]
`) +
      deployment(ENV_FROM),
    secrets: {
      'path/to/secrets/object-storage-credentials': '{"ACCESS":"a"}',
      'path/to/secrets/mongo-credentials': '{"PASSWORD":"p"}',
    },
    options: {
      listed: { 'path/to/secrets/object-storage-credentials': {}, 'path/to/secrets/mongo-credentials': {} },
    },
    variables: { ACCESS: 'a', PASSWORD: 'p' },
  },
  {
    name: 'a value that is decoded',
    manifests:
      store() +
      externalSecret(
        'data: [{ secretKey: address, remoteRef: { key: my-secret, property: address, decodingStrategy: Base64 } }]',
      ) +
      deployment(env(['ADDRESS', 'address'])),
    secrets: { 'my-secret': '{"address":"aGFwcHkgc3RyZWV0"}' },
    // Its name ends like the suffix of an ARN.
    options: { listed: { 'my-secret': {} } },
    variables: { ADDRESS: 'happy street' },
  },
  {
    name: 'a file from a template of several lines',
    manifests:
      store() +
      externalSecret(`target:
  template:
    engineVersion: v2
    data:
      config: |
        datasources:
        - name: Graphite
          password: "{{ .password }}"
          user: "{{ .user }}"
data:
  - { secretKey: user, remoteRef: { key: grafana, property: user } }
  - { secretKey: password, remoteRef: { key: grafana, property: password } }
`) +
      deployment(MOUNT, VOLUME),
    secrets: { grafana: '{"user":"u","password":"p"}' },
    files: {
      '/app/secrets/config': 'datasources:\n- name: Graphite\n  password: "p"\n  user: "u"\n',
    },
  },
  {
    name: 'a template that decodes one of several keys',
    manifests:
      store() +
      externalSecret(`target:
  template:
    mergePolicy: Merge
    data: { password: "{{ .password | b64dec }}" }
data:
  - { secretKey: password, remoteRef: { key: /credentials/password } }
  - { secretKey: username, remoteRef: { key: /credentials/username } }
`) +
      deployment(ENV_FROM),
    secrets: { '/credentials/password': 'c2VjcmV0', '/credentials/username': 'u' },
    variables: { password: 'secret', username: 'u' },
  },
  {
    name: 'a template of a ConfigMap',
    manifests: `${store()}${externalSecret(`target:
  template:
    templateFrom: [{ configMap: { name: tpl, items: [{ key: config.yaml }] } }]
dataFrom: [{ extract: { key: grafana } }]
`)}apiVersion: v1
kind: ConfigMap
metadata: { name: tpl, namespace: shop }
data:
  config.yaml: |
    url: "{{ .uri }}"
    user: {{ .user | toJson }}
---
${deployment(MOUNT, VOLUME)}`,
    secrets: { grafana: '{"uri":"http://x","user":"a\\"b"}' },
    files: { '/app/secrets/config.yaml': 'url: "http://x"\nuser: "a\\"b"\n' },
  },
  {
    name: 'a store with a prefix, and a secret by its ARN',
    manifests:
      store('prefix: team/') +
      externalSecret('data: [{ secretKey: a, remoteRef: { key: one } }]') +
      deployment(env(['A', 'a'])),
    secrets: { 'team/one': '1' },
    variables: { A: '1' },
  },
  {
    name: 'items of a volume, and a projected volume',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: tls } }]') +
      deployment(
        MOUNT,
        'volumes: [{ name: made, projected: { sources: [{ secret: { name: made, items: [{ key: crt, path: tls/tls.crt }] } }] } }]',
      ),
    secrets: { tls: '{"crt":"CERT","key":"KEY"}' },
    files: { '/app/secrets/tls/tls.crt': 'CERT' },
  },
  {
    name: 'all keys as files, moved',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: app } }]') +
      deployment('volumeMounts: [{ name: made, mountPath: /etc/app }]', VOLUME),
    secrets: { app: '{"user":"u"}' },
    options: { movesFiles: true },
    files: { '/run/secrets/aws/made/user': 'u' },
  },
  {
    name: 'the parts of a PEM bundle',
    manifests:
      store() +
      externalSecret(`target:
  template:
    type: kubernetes.io/tls
    data:
      tls.crt: '{{ .bundle | filterPEM "CERTIFICATE" }}'
      tls.key: '{{ .bundle | filterPEM "PRIVATE KEY" }}'
data: [{ secretKey: bundle, remoteRef: { key: tls } }]
`) +
      deployment(MOUNT, VOLUME),
    secrets: {
      tls: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n',
    },
    files: {
      '/app/secrets/tls.crt': '-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n',
      '/app/secrets/tls.key': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
    },
  },
  {
    name: 'of two elements of envFrom, the later one wins',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: one } }]') +
      externalSecret('dataFrom: [{ extract: { key: two } }]').replace('name: made', 'name: other') +
      deployment('envFrom: [{ secretRef: { name: made } }, { secretRef: { name: other } }]'),
    secrets: { one: '{"a":"1","b":"1"}', two: '{"b":"2"}' },
    variables: { a: '1', b: '2' },
  },
  {
    name: 'two elements of envFrom with known keys',
    manifests:
      store() +
      externalSecret(
        'data: [{ secretKey: a, remoteRef: { key: one } }, { secretKey: b, remoteRef: { key: one } }]',
      ) +
      externalSecret('data: [{ secretKey: b, remoteRef: { key: two } }]').replace(
        'name: made',
        'name: other',
      ) +
      deployment('envFrom: [{ secretRef: { name: made } }, { secretRef: { name: other } }]'),
    secrets: { one: '1', two: '2' },
    options: { native: true },
    variables: { a: '1', b: '2' },
  },
  {
    name: 'optional keys that are missing',
    manifests:
      store() +
      externalSecret('dataFrom: [{ extract: { key: app } }]') +
      deployment(
        'env: [{ name: A, valueFrom: { secretKeyRef: { name: made, key: a } } }, { name: B, valueFrom: { secretKeyRef: { name: made, key: b, optional: true } } }]',
      ),
    secrets: { app: '{"a":"1"}' },
    variables: { A: '1' },
  },
];

export const SECRETS_STORE: readonly Case[] = [
  {
    name: 'a secret by its name',
    manifests:
      providerClass('- { objectName: MySecret, objectType: secretsmanager }') +
      deployment(CSI_MOUNT, CSI_VOLUME),
    secrets: { MySecret: '{"username":"u"}' },
    files: { '/mnt/secrets-store/MySecret': '{"username":"u"}' },
  },
  {
    name: 'keys as files beside the whole secret',
    manifests:
      providerClass(`- objectName: MySecret
  objectType: secretsmanager
  jmesPath:
    - { path: username, objectAlias: MySecretUsername }
    - { path: '"dash-ed".deep', objectAlias: Deep, filePermission: "0444" }
`) + deployment(CSI_MOUNT, CSI_VOLUME),
    secrets: { MySecret: '{"username":"u","dash-ed":{"deep":"d"}}' },
    files: {
      '/mnt/secrets-store/MySecret': '{"username":"u","dash-ed":{"deep":"d"}}',
      '/mnt/secrets-store/MySecretUsername': 'u',
      '/mnt/secrets-store/Deep': 'd',
    },
  },
  {
    name: 'slashes in names, and aliases',
    manifests:
      providerClass(`- { objectName: my/path/one, objectType: secretsmanager }
- { objectName: my/path/two, objectType: secretsmanager, objectAlias: two.txt }
`) + deployment(CSI_MOUNT, CSI_VOLUME),
    secrets: { 'my/path/one': '1', 'my/path/two': '2' },
    files: { '/mnt/secrets-store/my_path_one': '1', '/mnt/secrets-store/two.txt': '2' },
  },
  {
    name: 'directories instead of slashes',
    manifests:
      providerClass(
        '- { objectName: /my/path/one, objectType: secretsmanager }',
        '',
        'pathTranslation: "False"',
      ) + deployment(CSI_MOUNT, CSI_VOLUME),
    secrets: { '/my/path/one': '1' },
    files: { '/mnt/secrets-store/my/path/one': '1' },
  },
  {
    name: 'a version by its stage',
    manifests:
      providerClass('- { objectName: one, objectType: secretsmanager, objectVersionLabel: AWSPREVIOUS }') +
      deployment(CSI_MOUNT, CSI_VOLUME),
    secrets: { one: 'new', 'one AWSPREVIOUS': 'old' },
    files: { '/mnt/secrets-store/one': 'old' },
  },
  {
    name: 'a replica in another Region',
    manifests:
      providerClass(
        `- objectName: one
  objectType: secretsmanager
  objectAlias: alias
  failoverObject: { objectName: one }
`,
        '',
        'failoverRegion: us-east-1',
      ) + deployment(CSI_MOUNT, CSI_VOLUME),
    secrets: { one: '1' },
    files: { '/mnt/secrets-store/alias': '1' },
  },
  {
    name: 'variables from the Secret that the driver makes',
    manifests:
      providerClass(
        `- objectName: db
  objectType: secretsmanager
  jmesPath: [{ path: username, objectAlias: dbusername }]
`,
        `secretObjects:
  - secretName: made
    type: Opaque
    data: [{ objectName: dbusername, key: username }, { objectName: db, key: all }]
`,
      ) + deployment(`${CSI_MOUNT}\n${env(['DB_USER', 'username'], ['DB', 'all'])}`, CSI_VOLUME),
    secrets: { db: '{"username":"u"}' },
    variables: { DB_USER: 'u', DB: '{"username":"u"}' },
    files: { '/mnt/secrets-store/db': '{"username":"u"}', '/mnt/secrets-store/dbusername': 'u' },
  },
];

const annotated = (annotations: string, container: string): string =>
  deployment(container).replace(
    'metadata: { labels: { app: web } }',
    `metadata:\n      annotations:\n${annotations.trimEnd().replaceAll(/^(?=.)/gm, '        ')}`,
  );

export const POD_TOOLS: readonly Case[] = [
  {
    name: 'the sidecar sample, with a mount path',
    manifests: annotated(
      `secrets.k8s.aws/sidecarInjectorWebhook: enabled
secrets.k8s.aws/secret-arn: arn:aws:secretsmanager:eu-west-1:111122223333:secret:database-AbCdEf
secrets.k8s.aws/mount-path: /app/secrets
secrets.k8s.aws/secret-filename: db/secret.json
`,
      '',
    ),
    secrets: { database: '{"a":"b"}' },
    files: { '/app/secrets/db/secret.json': '{"a":"b"}' },
  },
  {
    name: 'the sidecar sample with its defaults, moved',
    manifests: annotated(
      'secrets.k8s.aws/secret-arn: arn:aws:secretsmanager:eu-west-1:111122223333:secret:database-AbCdEf',
      '',
    ),
    secrets: { database: 'plain' },
    options: { movesFiles: true },
    files: { '/run/secrets/aws/secret/secret': 'plain' },
  },
  {
    name: 'Bank-Vaults with provider aws, also through a ConfigMap',
    manifests: `apiVersion: v1
kind: ConfigMap
metadata: { name: refs, namespace: shop }
data: { token: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-AbCdEf" }
---
${annotated(
  `secrets-webhook.security.bank-vaults.io/provider: aws
secrets-webhook.security.bank-vaults.io/run-as-user: "2000"
`,
  `env:
  - { name: PASSWORD, value: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:password-AbCdEf" }
  - { name: TOKEN, valueFrom: { configMapKeyRef: { name: refs, key: token } } }
  - { name: LEVEL, value: info }
`,
)}`,
    secrets: { password: 'p', token: 't' },
    variables: { PASSWORD: 'p', TOKEN: 't' },
  },
  {
    name: 'kube-secrets-init, which has no annotation',
    manifests: deployment(
      'env: [{ name: PASSWORD, value: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:password-AbCdEf" }]',
    ),
    secrets: { password: 'p' },
    options: { secretsInit: true },
    variables: { PASSWORD: 'p' },
  },
  {
    name: 'files of the Vault agent, with the values copied to Secrets Manager',
    manifests: annotated(
      `vault.hashicorp.com/agent-inject: "true"
vault.hashicorp.com/role: web
vault.hashicorp.com/agent-limits-cpu: 500m
vault.hashicorp.com/agent-inject-secret-db.json: secret/data/prod/db
vault.hashicorp.com/agent-inject-perms-db.json: "0444"
vault.hashicorp.com/agent-inject-secret-config: secret/data/prod/db
vault.hashicorp.com/agent-inject-template-config: |
  {{- with secret "secret/data/prod/db" -}}
  user = {{ .Data.data.username }}
  {{- end -}}
`,
      '',
    ),
    secrets: { 'prod/db': '{"username":"u"}' },
    options: { region: 'eu-west-1' },
    files: { '/vault/secrets/db.json': '{"username":"u"}', '/vault/secrets/config': 'user = u' },
  },
];
