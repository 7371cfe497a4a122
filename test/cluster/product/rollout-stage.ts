/** The rollout controller beside an API server without a node: with the service account and the rights of the manifests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterPlace } from '../../../src/kubernetes/api-client.ts';
import type { Queue } from '../../../src/rollout/aws/queue.ts';
import type { Message } from '../../../src/rollout/effects.ts';
import { type Rollout, startRollout } from '../../../src/rollout/rollout.ts';
import { makeLogger } from '../../../src/runtime/log/logger.ts';
import { ROOT } from '../../image/built-image.ts';
import { RULES, version } from '../../rollout/workloads.ts';
import { plainGet } from '../../server/client.ts';
import { until } from '../until.ts';
import type { Api } from './api.ts';
import { PRODUCT_NAMESPACE, ROLLOUT_NAME } from './install.ts';

const FOLDER = path.join(ROOT, 'manifests/components/rollout');

/** Secrets Manager and a queue in memory. */
export class Secrets implements Queue {
  readonly #versions = new Map<string, string>();
  readonly #waiting = new Set<() => void>();
  #queue: readonly Message[] = [];
  #count = 0;

  /** A secret gets a new version, and its event is sent. @returns the version */
  rotate(arn: string): string {
    this.#count += 1;
    const id = version(this.#count);
    this.#versions.set(arn, id);
    const [, , , region, account] = arn.split(':');
    this.send({
      'detail-type': 'Secret Label Updated',
      source: 'aws.secretsmanager',
      account,
      region,
      time: new Date().toISOString(),
      resources: [arn],
      detail: { name: 'x', labelUpdated: 'AWSCURRENT', versionId: id },
    });
    return id;
  }

  send(body: unknown): void {
    this.#count += 1;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.#queue = [...this.#queue, { body: text, receipt: `receipt-${this.#count}` }];
    for (const wake of this.#waiting) wake();
  }

  get messages(): number {
    return this.#queue.length;
  }

  describe(arn: string): Awaited<ReturnType<Parameters<typeof startRollout>[0]['describe']>> {
    const id = this.#versions.get(arn);
    return id === undefined
      ? { kind: 'failed', code: 'ResourceNotFoundException', isGone: true }
      : { kind: 'found', stages: new Map([['AWSCURRENT', id]]) };
  }

  async receive(signal: AbortSignal): Promise<readonly Message[]> {
    if (this.#queue.length === 0)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    return signal.aborted ? [] : this.#queue;
  }

  async remove(receipts: readonly string[]): Promise<number> {
    this.#queue = this.#queue.filter(({ receipt }) => !receipts.includes(receipt));
    return 0;
  }

  close(): void {}
}

/** Argo Rollouts' kind, without its controller. */
const ROLLOUTS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'rollouts.argoproj.io' },
  spec: {
    group: 'argoproj.io',
    scope: 'Namespaced',
    names: { kind: 'Rollout', plural: 'rollouts', singular: 'rollout' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** Installs what the controller needs. @returns where the API server is, with the token of the controller */
export async function installRollout(api: Api): Promise<ClusterPlace> {
  await api.mustCreate(ROLLOUTS);
  await api.namespace({}, PRODUCT_NAMESPACE);
  for (const file of ['service-account.yaml', 'access.yaml'])
    await api.kubectl('apply', '--server-side', `--filename=${path.join(FOLDER, file)}`);
  // The guard must not be in the way.
  await api.kubectl('apply', '--server-side', `--kustomize=${path.join(ROOT, 'manifests/base/guard')}`);
  const { facts } = api.cluster;
  const folder = path.join(facts.directory, 'rollout');
  mkdirSync(folder, { recursive: true });
  const tokenFile = path.join(folder, 'token');
  const token = await api.kubectl(`--namespace=${PRODUCT_NAMESPACE}`, 'create', 'token', ROLLOUT_NAME);
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const { hostname, port } = new URL(facts.apiServerUrl);
  return { host: hostname, port: Number(port), tokenFile, caFile: facts.caFile };
}

/** Starts a replica of the controller. Resolves when it has read the workloads. */
export async function startController(
  place: ClusterPlace,
  identity: string,
  secrets: Secrets,
  perHourPerNamespace = 1000,
): Promise<Rollout> {
  const rollout = await startRollout(
    {
      place,
      identity,
      lease: { namespace: PRODUCT_NAMESPACE, name: ROLLOUT_NAME, seconds: 5 },
      describe: async (arn) => secrets.describe(arn),
      queue: secrets,
      explain: String,
      rules: { ...RULES, perHourPerNamespace },
      isDryRun: false,
      describeInterval: 3_600_000,
      driftInterval: 60_000,
      probePort: 0,
      metricsPort: 0,
      listenAddress: '127.0.0.1',
    },
    makeLogger((process.env['ROLLOUT_LOG'] as 'debug' | undefined) ?? 'silent'),
  );
  await until('the controller to read the workloads', { seconds: 30 }, async () =>
    (await plainGet(rollout.probePort, '/readyz')).status === 200 ? true : undefined,
  );
  return rollout;
}
