/** Descriptions of pods, as values and as trees. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeDecision, type PodDescription } from '../../../../src/core/advice/describe.ts';
import { describeRunning } from '../../../../src/core/advice/describe-running.ts';
import { formatDescriptions } from '../../../../src/core/advice/describe-text.ts';
import { decide } from '../../../../src/core/decide/decide.ts';
import { formatPlan, PLAN_VARIABLE, PLAN_VERSION, type Plan } from '../../../../src/core/plan/plan.ts';
import { formatVersions } from '../../../../src/core/plan/versions.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const SETTINGS = { image: 'injector:1', native: { can: true, probe: false } } as const;
const OLD = '11111111-1111-4111-8111-111111111111';
const NEW = '22222222-2222-4222-8222-222222222222';

/** @param entries of the YAML form */
function decided(entries: string, options: Readonly<Record<string, string>> = {}): PodDescription {
  const annotations = { 'secrets-injector.dev/secrets': entries, ...options };
  const containers = ['app', 'worker', 'proxy'].map((name) => ({ name, command: ['sh', '-c', 'run'] }));
  const pod = { metadata: { annotations }, spec: { containers } };
  return describeDecision({ object: 'Deployment/shop/web', pods: 200 }, decide(pod, 'shop', SETTINGS));
}

const PLAN: Plan = {
  version: PLAN_VERSION,
  timeoutSeconds: 60,
  secrets: [{ arn: ARN }, { arn: ARN, stage: 'AWSPREVIOUS' }],
  views: [
    {
      volume: 'aws-secrets',
      receivers: { native: ['app'], shell: [], file: [] },
      fileMode: '0440',
      format: 'shell',
      env: [{ secret: 0, name: 'DB_PASSWORD', key: 'password' }],
      envFrom: [],
      files: [{ secret: 1, path: 'old.json' }],
      filesFrom: [],
      declared: [],
    },
  ],
};

interface Running {
  readonly name?: string;
  readonly plan?: Plan;
  /** Of the container of the fetcher. */
  readonly state?: object;
}

function podOf({ plan = PLAN, state = {} }: Running): object {
  return {
    kind: 'Pod',
    spec: {
      initContainers: [
        { name: 'aws-secrets-fetch', env: [{ name: PLAN_VARIABLE, value: formatPlan(plan) }] },
      ],
      containers: [{ name: 'app', volumeMounts: [{ name: 'aws-secrets', mountPath: '/etc/secrets' }] }],
    },
    status: { initContainerStatuses: [{ name: 'aws-secrets-fetch', state }] },
  };
}

function running(pod: Running): PodDescription {
  const object = `Pod/shop/${pod.name ?? 'web-1'}`;
  const description = describeRunning({ object, pods: 1 }, podOf(pod));
  if (description === undefined) throw new TypeError('the pod has no plan');
  return description;
}

/** The state of a fetcher that recorded versions. */
function started(...ids: readonly (string | undefined)[]) {
  const record = formatVersions(
    ids.map((id) => (id === undefined ? 'absent' : { id })),
    4096,
  );
  return { terminated: { exitCode: 0, message: `${record}\n` } };
}

describe('a pod of a manifest', () => {
  it('lists what each container gets', () => {
    const text = formatDescriptions([
      decided(`
        - secret: ${ARN}
          env:
            DB_PASSWORD: password
            DB_HOST: { jmesPath: "endpoints[0].host", default: localhost }
            DB_KEY: { key: key, decode: base64, optional: true }
          files:
            db.json: {}
            app.conf: { template: "{{ password | json }}", mode: "0444" }
            db.properties: { format: properties }
            key.pem: { pem: private-key }
        - secret: ${ARN}
          versionStage: AWSPREVIOUS
          filesFrom: { directory: old, include: [username, password] }
          failover: [us-east-1]
          containers: [proxy]
      `),
    ]);
    expect(text).toBe(`Deployment/shop/web: 200 pods
├── containers app, worker: variables set by the kubelet (env-mode native)
│   ├── variable DB_PASSWORD: key "password" from prod/db-AbCdEf
│   ├── variable DB_HOST: expression "endpoints[0].host" from prod/db-AbCdEf, or "localhost" if it is missing
│   ├── variable DB_KEY: key "key", decoded from base64, from prod/db-AbCdEf, optional
│   ├── file /run/secrets/aws/db.json (mode 0444): the whole value from prod/db-AbCdEf
│   ├── file /run/secrets/aws/app.conf (mode 0444): a template with values from prod/db-AbCdEf
│   ├── file /run/secrets/aws/db.properties (mode 0444): all keys as properties from prod/db-AbCdEf
│   └── file /run/secrets/aws/key.pem (mode 0444): the PEM part "private-key" of the whole value from prod/db-AbCdEf
├── container proxy: variables set by the kubelet (env-mode native)
│   ├── variable DB_PASSWORD: key "password" from prod/db-AbCdEf
│   ├── variable DB_HOST: expression "endpoints[0].host" from prod/db-AbCdEf, or "localhost" if it is missing
│   ├── variable DB_KEY: key "key", decoded from base64, from prod/db-AbCdEf, optional
│   ├── file /run/secrets/aws/db.json (mode 0444): the whole value from prod/db-AbCdEf
│   ├── file /run/secrets/aws/app.conf (mode 0444): a template with values from prod/db-AbCdEf
│   ├── file /run/secrets/aws/db.properties (mode 0444): all keys as properties from prod/db-AbCdEf
│   ├── file /run/secrets/aws/key.pem (mode 0444): the PEM part "private-key" of the whole value from prod/db-AbCdEf
│   └── file /run/secrets/aws/old/* (mode 0444): the keys "username", "password" from prod/db-AbCdEf (AWSPREVIOUS)
├── secret prod/db-AbCdEf
│   └── ${ARN}
├── secret prod/db-AbCdEf (AWSPREVIOUS)
│   ├── ${ARN}
│   └── failover to us-east-1
├── refresh: off; the pod keeps the values that it started with
└── calls of 200 pods to Secrets Manager in eu-west-1
    └── 400 GetSecretValue when all start
`);
  });

  it.each([
    ['shell', {}, 'variables set by a shell before the command (env-mode shell)'],
    ['file', {}, 'variables in the file /run/secrets/aws/env (env-mode file, format shell)'],
    [
      'file',
      { 'secrets-injector.dev/env-format': 'dotenv', 'secrets-injector.dev/mount-path': '/opt/secrets' },
      'variables in the file /opt/secrets/env (env-mode file, format dotenv)',
    ],
  ])('says how variables reach the process in mode %s', (mode, options, expected) => {
    const description = decided(`[{ secret: "${ARN}", env: { A: a } }]`, {
      ...options,
      'secrets-injector.dev/env-mode': mode,
      'secrets-injector.dev/containers': 'app',
    });
    expect(formatDescriptions([description])).toContain(`├── container app: ${expected}\n`);
  });

  it('tells secrets with one name apart', () => {
    const other = ARN.replace('eu-west-1', 'us-east-1');
    const { secrets, calls } = decided(
      `[{ secret: "${ARN}", files: { a: {} } }, { secret: "${other}", files: { b: {} } }]`,
    );
    expect(secrets.map(({ label }) => label)).toEqual([ARN, other]);
    expect(calls).toEqual([
      { region: 'eu-west-1', callsAtStart: 200, refresh: undefined, callsAfterChange: 0 },
      { region: 'us-east-1', callsAtStart: 200, refresh: undefined, callsAfterChange: 0 },
    ]);
  });

  it('says what is refused and why, and what is left alone', () => {
    const denied = decided(`[{ secret: nope, env: { A: a } }]`);
    expect(denied.outcome).toBe('denied');
    expect(formatDescriptions([denied])).toMatch(
      /^Deployment\/shop\/web: denied\n└── ALIAS_UNKNOWN secrets-injector\.dev\/secrets\[0\]\.secret: .*\n$/,
    );
    expect(formatDescriptions([decided('[]', { 'secrets-injector.dev/inject': 'false' })])).toBe(
      'Deployment/shop/web: gets nothing, because the annotation inject is "false"\n',
    );
  });

  it('prints no control characters of a manifest', () => {
    const description = describeDecision(
      { object: 'Pod/shop/a\n\u001b[31mroot', pods: 1 },
      decide({ metadata: { annotations: {} }, spec: { containers: [{ name: 'a' }] } }, 'shop', SETTINGS),
    );
    expect(formatDescriptions([description])).toMatch(/^Pod\/shop\/a\?\?\[31mroot: gets nothing[^\n]*\n$/);
  });
});

describe('a pod with refresh', () => {
  const REFRESHING: Plan = {
    ...PLAN,
    refresh: {
      seconds: 300,
      check: 'describe',
      required: true,
      onChange: [
        { signal: 'HUP', container: 'app' },
        { url: 'http://localhost:8080/reload' },
        { touch: 'reloaded', view: 0 },
      ],
    },
  };

  it('says when values change, what follows, and what the calls cost', () => {
    const text = formatDescriptions([running({ plan: REFRESHING, state: { running: {} } })]);
    expect(text.slice(text.indexOf('├── refresh'))).toBe(
      `├── refresh: files are replaced when a secret has a new version; DescribeSecret every 5m
│   ├── after a change: signal HUP to container app
│   ├── after a change: request to http://localhost:8080/reload
│   ├── after a change: write the file reloaded beside the files
│   └── the pod is not ready while its files may be out of date
├── calls of 1 pod to Secrets Manager in eu-west-1
│   ├── 2 GetSecretValue when it starts
│   ├── less than 0.01 DescribeSecret per second, less than 0.01 % of the account's quota; 9,221 per month, $0.05
│   └── 2 GetSecretValue after a new version of one of the secrets
└── no record of versions in the status, because the fetcher is running: its metrics and the manifest file contain them
`,
    );
  });

  it('sums up the calls of several', () => {
    const value: Plan = { ...REFRESHING, refresh: { seconds: 60, check: 'value' } };
    const many = { ...running({ plan: REFRESHING }), calls: [] };
    const text = formatDescriptions([
      running({ name: 'a', plan: REFRESHING }),
      running({ name: 'b', plan: REFRESHING }),
      running({ name: 'c', plan: value }),
      many,
    ]);
    expect(text.slice(text.indexOf('All of them'))).toBe(
      `All of them, if they sign in with roles of one account
├── in eu-west-1: less than 0.01 DescribeSecret per second, less than 0.01 % of the account's quota; 18,442 per month, $0.09
└── in eu-west-1: 0.035 GetSecretValue per second, less than 0.01 % of the account's quota; 92,211 per month, $0.46
`,
    );
  });
});

describe('a pod of a cluster', () => {
  it('lists the version of each secret', () => {
    const description = running({ state: started(NEW, undefined) });
    expect(description.secrets.map(({ startedWith }) => startedWith)).toEqual([{ id: NEW }, 'absent']);
    const text = formatDescriptions([description]);
    expect(text).toContain(`│   ├── ${ARN}\n│   └── version ${NEW} when the pod started\n`);
    expect(text).toContain(`│   └── did not exist when the pod started\n`);
    expect(text).toContain('file /etc/secrets/old.json');
  });

  it('shows which pods have other versions than the rest', () => {
    const text = formatDescriptions([
      running({ name: 'a', state: started(NEW, OLD) }),
      running({ name: 'b', state: started(NEW, OLD) }),
      running({ name: 'c', state: started(OLD, OLD) }),
    ]);
    expect(text.slice(text.lastIndexOf(`${ARN} (`))).toBe(
      `${ARN} (AWSCURRENT): 2 versions in use
├── version ${NEW} when the pod started: 2 pods
└── version ${OLD} when the pod started: Pod/shop/c
`,
    );
    const same = [running({ name: 'a', state: started(NEW) }), running({ name: 'b', state: started(NEW) })];
    expect(formatDescriptions(same)).not.toContain('in use');
  });

  it.each([
    ['not yet fetched', { waiting: { reason: 'PodInitializing' } }],
    ['a forged record', { terminated: { exitCode: 0, message: 'versions v1 0=x' } }],
  ])('says that there is no record: %s', (_, state) => {
    const { notes, secrets } = running({ state });
    expect(notes).toEqual([expect.stringContaining('no record of versions: the fetcher has not delivered')]);
    expect(secrets.every(({ startedWith }) => startedWith === undefined)).toBe(true);
  });

  it('says that a record was cut', () => {
    const [whole = ''] = started(NEW, OLD).terminated.message.split(' 1=');
    expect(running({ state: { terminated: { exitCode: 0, message: whole } } }).notes).toEqual([
      'the record does not contain the versions of all secrets: 1 are missing',
    ]);
  });

  const ANNOTATED = { annotations: { 'secrets-injector.dev/file.db': ARN } };
  it.each([
    [
      'that was created without the webhook',
      { ...podOf({}), metadata: ANNOTATED, spec: { containers: [{ name: 'a' }] } },
      'it requests secrets, but has no container aws-secrets-fetch: it was created without the webhook',
    ],
    [
      'of another release',
      podOf({ plan: { ...PLAN, version: 2 as 1 } }),
      'its plan cannot be read: the plan has version 2, but this fetcher supports version 1',
    ],
  ])('says what is wrong with a pod %s', (_, pod, reason) => {
    const description = describeRunning({ object: 'Pod/a/b', pods: 1 }, pod);
    expect(description).toMatchObject({ outcome: 'unchanged', reasons: [reason], containers: [] });
  });

  it.each([
    ['without a status', { ...podOf({}), status: undefined }],
    ['without a fetcher or annotations', parse('{ spec: { containers: [{ name: a }] }, status: {} }')],
  ])('is left to the decision %s', (_, pod) => {
    expect(describeRunning({ object: 'Pod/a/b', pods: 1 }, pod)).toBeUndefined();
  });
});
