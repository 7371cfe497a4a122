/**
 * The story "Rolling restart" of docs/guides/rotation.md: a secret rotates, the rollout controller restarts the Deployment
 * that reads it once, and clients of the Deployment notice nothing.
 */
import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RESTARTS_KEY } from '../../../../src/core/names/rollout-keys.ts';
import type { QueueHandle } from '../../../aws-fake/index.ts';
import { simpleRotator } from '../../../rotation/simple-rotator.ts';
import { hasFileKeys, wantedKubernetes } from '../../toolchain/versions.ts';
import { until } from '../../until.ts';
import { PRODUCT_NAMESPACE, ROLLOUT_NAME } from '../install.ts';
import { checksum, node, pod, podTemplate } from '../pods.ts';
import { installRolloutController } from '../rollout-install.ts';
import { rotationClient } from '../rotation-client.ts';
import { arnOf, nativeCanary } from '../secrets.ts';
import type { Stage } from '../stage.ts';

const REPLICAS = 2;
const PORT = 8080;

/** Shows the value that it was started with. */
const SERVER = `
const value = process.env.DB_PASSWORD ?? require('node:fs').readFileSync('/run/secrets/aws/password');
const sum = createHash('sha256').update(value).digest('hex');
const body = JSON.stringify({ pod: process.env.HOSTNAME, sum });
// Some requests are always in progress.
const server = require('node:http').createServer((request, response) => {
  setTimeout(() => response.end(body), 100);
}).listen(${PORT});
// Until the node knows that the pod ends, requests arrive.
process.once('SIGTERM', () => setTimeout(() => server.close(), 5000));
`;

/** Sends requests all the time, each through a connection of its own, and counts the answers by pod and checksum. */
const clientOf = (address: string) => `
const { once } = require('node:events');
const { get } = require('node:http');
const answers = {};
const failures = {};
const send = async () => {
  const options = { agent: false, signal: AbortSignal.timeout(10_000) };
  const [response] = await once(get('http://${address}:${PORT}', options), 'response');
  const { pod, sum } = JSON.parse((await response.toArray()).join(''));
  answers[pod] ??= {};
  answers[pod][sum] = (answers[pod][sum] ?? 0) + 1;
};
const failed = ({ code, message }) => {
  failures[code ?? message] = (failures[code ?? message] ?? 0) + 1;
};
const work = async () => {
  for (;;) {
    await send().catch(failed);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
for (let count = 0; count < 4; count += 1) work();
setInterval(() => console.log(JSON.stringify({ answers, failures })), 500);
`;

interface Traffic {
  /** The number of answers by checksum, by pod. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly failures: Readonly<Record<string, number>>;
}

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface Event {
  readonly reason: string;
  readonly message: string;
}

export function rollingRestart(stage: () => Stage): void {
  describe('rolling restart', { concurrent: true }, () => {
    let queue: QueueHandle;
    let client: SecretsManagerClient;
    beforeAll(async () => {
      queue = await installRolloutController(stage());
      client = rotationClient(stage().aws);
    });
    afterAll(() => client?.destroy());

    it('a Deployment is restarted once for a rotation, and loses no request', async ({ onTestFinished }) => {
      const { aws } = stage();
      const namespace = await stage().namespace();
      const arn = arnOf(`${namespace}-restarted`);
      const [first, second] = [nativeCanary(''), nativeCanary('')];
      const secret = aws.putSecret({ arn, value: first });
      const currentVersion = (): string =>
        secret.versions.find(({ stages }) => stages.includes('AWSCURRENT'))?.id ?? '';
      const before = currentVersion();
      const web = await startWeb(stage(), namespace, arn);
      onTestFinished(() => web.stopRequests());
      // In parentheses: the controller knows the version, and has not restarted the Deployment.
      await web.hasStatus(`(${short(before)})`, `${short(before)} × ${REPLICAS}`, 'ok');
      const oldPods = await web.pods();
      await web.answersOf(oldPods);

      // A queue may deliver a message more than once.
      queue.setFaults({ duplicates: 1 });
      const lambda = `arn:aws:lambda:eu-west-1:111122223333:function:${namespace}`;
      const rotator = simpleRotator(client, [], () => second);
      aws.putRotator(lambda, rotator);
      await client.send(new RotateSecretCommand({ SecretId: arn, RotationLambdaARN: lambda }));
      await aws.rotationsSettled();
      const after = currentVersion();
      await web.hasStatus(short(after), `${short(after)} × ${REPLICAS}`, 'ok');
      await until('all messages to be deleted', { seconds: 60 }, () =>
        queue.counts.visible + queue.counts.inFlight === 0 ? true : undefined,
      );

      const newPods = await web.pods();
      const { answers, failures } = await web.answersOf(newPods);
      expect(failures).toEqual({});
      expect(answers).toEqual({
        ...Object.fromEntries(oldPods.map((pod) => [pod, { [checksum(first)]: expect.any(Number) }])),
        ...Object.fromEntries(newPods.map((pod) => [pod, { [checksum(second)]: expect.any(Number) }])),
      });
      const { metadata } = await stage().get<Named>(namespace, 'deployment', 'web');
      expect(metadata.annotations).toMatchObject({
        'deployment.kubernetes.io/revision': '2',
        // One time.
        [RESTARTS_KEY]: expect.stringMatching(/^[^,]+$/),
      });
      expect(await web.restartEvents()).toEqual([
        `Restarting: shop/${namespace}-restarted has version ${after}`,
      ]);
    });
  });
}

/** The Deployment `web`, its Service, and a client that sends requests to it. */
interface Web {
  /** The names of the pods of the Deployment, without those that end. */
  pods(): Promise<readonly string[]>;
  /** Waits until each of the pods has answered. */
  answersOf(pods: readonly string[]): Promise<Traffic>;
  /** Waits until `rollout status` prints these columns about the secret, and no drift. */
  hasStatus(recorded: string, pods: string, state: string): Promise<void>;
  /** The texts of the Events about restarts. */
  restartEvents(): Promise<readonly string[]>;
  stopRequests(): Promise<void>;
}

async function startWeb(stage: Stage, namespace: string, arn: string): Promise<Web> {
  const run = (...args: readonly string[]) => stage.kubectl(`--namespace=${namespace}`, ...args);
  await stage.mustCreate(service(namespace));
  await stage.mustCreate(deployment(namespace, arn));
  await stage.waitFor(namespace, 'deployment/web', '{.status.readyReplicas}', `${REPLICAS}`);
  const address = await run('get', 'service', 'web', '--output=jsonpath={.spec.clusterIP}');
  const containers = [node('app', clientOf(address))];
  await stage.mustCreate(pod(namespace, { name: 'client', identity: false, containers }));
  return {
    pods: async () => {
      const { items } = await stage.get<{ items: readonly Named[] }>(namespace, 'pods', '--selector=app=web');
      return items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.name);
    },
    answersOf: (pods) =>
      until(`answers of ${pods.join(', ')}`, { seconds: 30 }, async () => {
        const traffic = JSON.parse(await run('logs', 'client', '--tail=1')) as Traffic;
        return pods.every((name) => traffic.answers[name] !== undefined) ? traffic : undefined;
      }),
    hasStatus: async (...columns) => {
      await until(`the status ${columns.join(', ')}`, { seconds: 60 }, async () => {
        const status = await statusOf(stage, namespace);
        const [, row = '', , summary] = status.split('\n');
        const [workload, , ...rest] = row.split(/ {2,}/);
        const isExpected =
          workload === `Deployment ${namespace}/web` &&
          rest.join() === columns.join() &&
          summary === '1 workload, 0 with pods of different versions';
        if (!isExpected) throw new Error(status);
        return true;
      });
    },
    restartEvents: async () => {
      const about = '--field-selector=involvedObject.kind=Deployment,involvedObject.name=web';
      const { items } = await stage.get<{ items: readonly Event[] }>(namespace, 'events', about);
      return items.filter(({ reason }) => reason === 'SecretRestart').map(({ message }) => message);
    },
    stopRequests: async () => {
      await run('delete', 'pod', 'client', '--wait=false');
    },
  };
}

/** Versions as `rollout status` prints them. */
function short(version: string): string {
  return version.slice(0, 8);
}

/** What `rollout status` prints about a namespace, in the pod of the controller. */
async function statusOf(stage: Stage, namespace: string): Promise<string> {
  return await stage.kubectl(
    `--namespace=${PRODUCT_NAMESPACE}`,
    'exec',
    `deployment/${ROLLOUT_NAME}`,
    '--',
    '/app/aws-secrets-injector',
    'rollout',
    'status',
    `--namespace=${namespace}`,
  );
}

function service(namespace: string) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: PORT }] },
  };
}

function deployment(namespace: string, arn: string) {
  // The image has no shell: without native variables, the server reads a file when it starts.
  const request = hasFileKeys(wantedKubernetes()) ? 'env.DB_PASSWORD' : 'file.password';
  const server = {
    ...node('app', SERVER),
    readinessProbe: { httpGet: { port: PORT }, periodSeconds: 1 },
  };
  const template = podTemplate({
    name: 'web',
    annotations: { [`secrets-injector.dev/${request}`]: arn },
    containers: [server],
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 },
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'web' },
    spec: { replicas: REPLICAS, selector: { matchLabels: { app: 'web' } }, template },
  };
}
