/** The describe command as a process: what it reads, prints and exits with. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PodDescription } from '../../src/core/advice/describe.ts';
import { decideInjection } from '../../src/core/inject.ts';
import { formatVersions } from '../../src/core/plan/versions.ts';
import { formatProblem } from '../../src/core/problems/problems.ts';
import { goldenCases } from '../golden/cases.ts';
import { bundleCli, runCli } from './program.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const TEMPLATE = `{ metadata: { annotations: { secrets-injector.dev/file.db: "${ARN}" } }, spec: { containers: [{ name: app }] } }`;
const VERSIONS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-describe-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

async function json(input: string, ...flags: readonly string[]): Promise<readonly PodDescription[]> {
  const { code, stdout, stderr } = await runCli(cli, ['describe', '--json', ...flags], input);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as readonly PodDescription[];
}

describe('the number of pods', () => {
  const workload = (kind: string, spec: string) =>
    `kind: ${kind}\nmetadata: { name: web, namespace: shop }\nspec: { ${spec} }\n`;
  const MANIFEST = [
    workload('Deployment', `replicas: 3, template: ${TEMPLATE}`),
    workload('StatefulSet', `template: ${TEMPLATE}`),
    workload('Rollout', `replicas: 0, template: ${TEMPLATE}`),
    workload('DaemonSet', `template: ${TEMPLATE}`),
    workload('Job', `parallelism: 5, template: ${TEMPLATE}`),
    workload('CronJob', `jobTemplate: { spec: { parallelism: 2, template: ${TEMPLATE} } }`),
    `kind: Pod\n${TEMPLATE.slice(2, -2).replace(', spec', '\nspec')}\n`,
  ].join('---\n');

  it('is that of the workload', async () => {
    const descriptions = await json(MANIFEST);
    expect(descriptions.map(({ pods }) => pods)).toEqual([3, 1, 0, undefined, 5, 2, 1]);
  });

  it('is that of --replicas, but for pods', async () => {
    const descriptions = await json(MANIFEST, '--replicas', '40');
    expect(descriptions.map(({ pods }) => pods)).toEqual([40, 40, 40, 40, 40, 40, 1]);
    expect(descriptions.at(3)?.calls).toEqual([
      { region: 'eu-west-1', callsAtStart: 40, callsAfterChange: 0 },
    ]);
  });
});

it('reads folders and standard input', async () => {
  mkdirSync(path.join(folder, 'a/b'), { recursive: true });
  writeFileSync(path.join(folder, 'a/one.yaml'), `kind: Deployment\nspec: { template: ${TEMPLATE} }\n`);
  writeFileSync(path.join(folder, 'a/b/two.json'), JSON.stringify({ kind: 'Pod', spec: { containers: [] } }));
  const flags = ['describe', '-f', path.join(folder, 'a'), '-f', '-'];
  const { code, stdout } = await runCli(cli, flags, 'kind: Pod\n');
  expect(code).toBe(0);
  expect(stdout.match(/^\S+:/gm)).toEqual(['Pod/default/*:', 'Deployment/default/*:', 'Pod/default/*:']);
});

it.each(
  goldenCases().filter(({ name }) =>
    ['form-everything', 'options-invalid', 'unchanged-no-annotations', 'env-shell-auto'].includes(name),
  ),
)('decides as the webhook: $name', async ({ folder: at, namespace, settings, pod }) => {
  const args = ['-f', path.join(at, 'pod.yaml'), '--namespace', namespace, '--image', settings.image];
  const { code, stdout } = await runCli(cli, ['describe', ...args]);
  const outcome = decideInjection(pod, { namespace }, settings);
  switch (outcome.kind) {
    case 'denied':
      expect(code).toBe(1);
      for (const problem of outcome.problems) expect(stdout).toContain(`── ${formatProblem(problem)}\n`);
      break;
    case 'injected':
      expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/: 1 pod$/)]);
      break;
    default:
      expect([code, stdout]).toEqual([0, expect.stringContaining(': gets nothing, because ')]);
  }
});

it('reads the pods of a cluster from the output of kubectl', async () => {
  const pods = await Promise.all(
    VERSIONS.map(async (id, index) => {
      const metadata = {
        name: `web-${index}`,
        namespace: 'shop',
        annotations: { 'secrets-injector.dev/file.db': ARN },
      };
      const pod = { kind: 'Pod', metadata, spec: { containers: [{ name: 'app' }] } };
      const { stdout } = await runCli(cli, ['render'], JSON.stringify(pod));
      const message = `${formatVersions([{ id }], 4096)}\n`;
      const state = { terminated: { exitCode: 0, message } };
      const status = { initContainerStatuses: [{ name: 'aws-secrets-fetch', state }] };
      return { ...(JSON.parse(stdout) as object), status };
    }),
  );
  const list = JSON.stringify({ kind: 'List', apiVersion: 'v1', items: pods });
  // Another image: the pods of a cluster are described by what they contain, not decided about again.
  const { code, stdout } = await runCli(cli, ['describe', '--image', 'registry.example/other:1'], list);
  expect(code).toBe(0);
  expect(stdout).toContain('Pod/shop/web-0: 1 pod\n├── container app\n│   └── file /run/secrets/aws/db ');
  expect(stdout).toContain(`${ARN} (AWSCURRENT): 2 versions in use\n`);
  expect(stdout).toContain(`└── version ${VERSIONS[1]} when the pod started: Pod/shop/web-1\n`);
});

describe('a pod that does not start', () => {
  const ANNOTATED = { metadata: { annotations: { 'secrets-injector.dev/file.db': ARN } } };
  const SPEC = { containers: [{ name: 'app' }] };
  const place = (name: string) => ({ name, namespace: 'shop' });

  /** A pod whose fetcher has ended with this message. */
  async function failedPod(): Promise<object> {
    const metadata = { ...place('web-1'), ...ANNOTATED.metadata };
    const { stdout } = await runCli(cli, ['render'], JSON.stringify({ kind: 'Pod', metadata, spec: SPEC }));
    const message = 'SECRET_NOT_FOUND secrets-injector.dev/file.db: no such secret; check the name';
    const state = { terminated: { exitCode: 12, message } };
    const initContainerStatuses = [{ name: 'aws-secrets-fetch', state }];
    return { ...(JSON.parse(stdout) as object), status: { phase: 'Pending', initContainerStatuses } };
  }

  const QUOTA = 'Error creating: pods "web-" is forbidden: exceeded quota: rules, requested: pods=1';
  function event(involvedObject: object, message: string): object {
    return { kind: 'Event', type: 'Warning', reason: 'FailedCreate', message, involvedObject, count: 3 };
  }

  it('says what happened and what to do, for a file or standard input as an argument', async () => {
    const pod = JSON.stringify(await failedPod());
    const file = path.join(folder, 'failed.json');
    writeFileSync(file, pod);
    for (const [arg, input] of [
      ['-', pod],
      [file, ''],
    ] as const) {
      const { code, stdout, stderr } = await runCli(cli, ['describe', arg, '--replicas', '3'], input);
      expect([code, stderr]).toEqual([1, '']);
      expect(stdout).toContain(`Pod/shop/web-1: 1 pod
├── what happened
│   └── container aws-secrets-fetch: SECRET_NOT_FOUND: The secret or the version does not exist. (exit code 12)
│       ├── message: SECRET_NOT_FOUND secrets-injector.dev/file.db: no such secret; check the name
│       ├── next: Check the name, the suffix, the Region and the version. (docs/reference/problems.md#secret_not_found)
│       └── next: kubectl -n shop logs web-1 -c aws-secrets-fetch --previous
├── container app
`);
    }
  });

  it('reads workloads and Events of the same input', async () => {
    const controller = { kind: 'Deployment', name: 'web', controller: true };
    const template = { ...ANNOTATED, spec: SPEC };
    const deployment = { kind: 'Deployment', metadata: place('web'), spec: { template }, status: {} };
    const replicaSet = (name: string) => ({
      kind: 'ReplicaSet',
      metadata: { ...place(name), ownerReferences: [controller] },
      spec: { template },
      status: {},
    });
    const items = [
      deployment,
      replicaSet('web-old'),
      replicaSet('web-new'),
      event({ kind: 'ReplicaSet', ...place('web-new') }, QUOTA),
      event({ kind: 'ReplicaSet', ...place('other') }, QUOTA),
      {
        ...event({ kind: 'Pod', ...place('other-1') }, '0/1 nodes are available'),
        reason: 'FailedScheduling',
      },
    ];
    const input = JSON.stringify({ kind: 'List', apiVersion: 'v1', items });
    const { code, stdout } = await runCli(cli, ['describe', '-', '--json'], input);
    const described = JSON.parse(stdout) as readonly PodDescription[];
    expect(code).toBe(1);
    expect(described.map(({ object, outcome, diagnoses }) => [object, outcome, diagnoses.length])).toEqual([
      ['Deployment/shop/web', 'injected', 0],
      ['ReplicaSet/shop/web-new', 'injected', 1],
      ['ReplicaSet/shop/other', 'unknown', 1],
    ]);
    expect(described[2]?.diagnoses[0]).toMatchObject({
      subject: 'ReplicaSet/shop/other',
      messages: [QUOTA],
      next: expect.arrayContaining(['kubectl -n shop describe resourcequota rules']),
    });
    const { stdout: text } = await runCli(cli, ['describe', '-'], input);
    expect(text).toContain('ReplicaSet/shop/other: only its Events are known\n└── what happened\n');
  });

  it('reports nothing about pods that are not the injector’s', async () => {
    const status = { containerStatuses: [{ name: 'app', state: { waiting: { reason: 'ErrImagePull' } } }] };
    const pod = JSON.stringify({ kind: 'Pod', metadata: place('x'), spec: SPEC, status });
    const { code, stdout } = await runCli(cli, ['describe', '-'], pod);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Pod/shop/x: gets nothing')]);
    expect(stdout).not.toContain('what happened');
  });
});

it('runs the examples of its help', async () => {
  const deployment = `kind: Deployment\nspec: { template: ${TEMPLATE} }\n`;
  mkdirSync(path.join(folder, 'deploy'));
  writeFileSync(path.join(folder, 'deploy/web.yaml'), deployment);
  writeFileSync(path.join(folder, 'web.yaml'), deployment);
  const { stdout: help } = await runCli(cli, ['describe', '--help']);
  const examples = [...help.matchAll(/^ {2}(?:kubectl [^|]+\| )?aws-secrets-injector describe (.+)$/gm)];
  expect(examples).toHaveLength(4);
  for (const [example, flags = ''] of examples) {
    const args = flags.split(' ').map((arg) => (/^\w+[./]/.test(arg) ? path.join(folder, arg) : arg));
    const { code, stdout } = await runCli(
      cli,
      ['describe', ...args],
      `kind: PodList\nitems: [${TEMPLATE}]\n`,
    );
    expect([code, stdout], example).toEqual([0, expect.stringContaining('db-AbCdEf')]);
  }
});

it.each([
  ['a flag that is none', ['--replica', '3'], 2, 'did you mean --replicas?'],
  ['a number of pods that is none', ['--replicas', '0'], 2, '--replicas: "0" is not accepted'],
  ['a policy that does not exist', ['--policy', '/nowhere'], 2, '--policy: "/nowhere"'],
  ['a file that does not exist', ['-f', '/nowhere.yaml'], 1, '/nowhere.yaml: cannot be read (ENOENT)'],
  ['manifests without pods', [], 1, 'no pod in these manifests'],
])('ends with a message: %s', async (_, flags, expected, message) => {
  const { code, stdout, stderr } = await runCli(cli, ['describe', ...flags], 'kind: ConfigMap\n');
  expect([code, stdout]).toEqual([expected, '']);
  expect(stderr).toContain(message);
});
