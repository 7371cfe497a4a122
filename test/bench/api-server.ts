/** Pods per second through a real API server: plain, injected, and injected with the guard. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { startCluster } from '../cluster/cluster.ts';
import { Api, NAMESPACE_LABEL } from '../cluster/product/api.ts';
import { guardFor } from '../cluster/product/guard.ts';
import { PRODUCT_NAMESPACE } from '../cluster/product/install.ts';
import { administrator, loadPod, post } from '../cluster/product/pod-requests.ts';
import { until } from '../cluster/until.ts';
import { makeLeaf } from '../server/certificates.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { withDirectory } from '../server/directory.ts';
import { INJECTOR_IMAGE } from '../server/injector-image.ts';
import { startWebhookProcess } from '../server/processes.ts';
import { median } from './median.ts';
import { hundredths } from './servers.ts';
import { webhookCalls } from './webhook-calls.ts';

const REGISTRATION = path.resolve(
  import.meta.dirname,
  '../../manifests/base/mutating-webhook-configuration.yaml',
);
const CONNECTIONS = [1, 16];
/** The label of the namespace in which the guard checks pods. */
const GUARDED = { guard: 'checks' };

const KINDS = ['plain', 'injected', 'injected, with the guard'] as const;
type PodKind = (typeof KINDS)[number];

export interface PodRow {
  readonly connections: number;
  readonly kind: PodKind;
  /** Median over the rounds. */
  readonly perSecond: number;
  /** To plain pods: the median of the ratios of each round. */
  readonly ratio: number;
  /** Mean over all pods. */
  readonly creationMilliseconds: number;
  /** Pods that were not created as they should. */
  readonly failures: number;
}

export interface ApiServerFigures {
  readonly kubernetes: string;
  readonly rows: readonly PodRow[];
  /** By number of connections: mean time in milliseconds that the API server waited for the webhook. */
  readonly webhookMilliseconds: ReadonlyMap<number, number>;
}

/** Starts an API server without nodes, registers webhook and guard, and creates pods of each kind in turn. */
export async function measureApiServer(rounds: number, podsOfRound: number): Promise<ApiServerFigures> {
  await using cluster = await startCluster({ level: 'control-plane' });
  const api = new Api(cluster);
  return await withDirectory(async (directory) => {
    const { cert, key } = await makeLeaf();
    writeFileSync(path.join(directory, 'tls.crt'), cert);
    writeFileSync(path.join(directory, 'tls.key'), key);
    const webhook = await startWebhookProcess({ directory, nodeFlags: deploymentFlags() });
    webhook.discardLog();
    try {
      await api.mustCreate(registration(webhook.port, cert));
      const namespace = await api.namespace();
      const guarded = await guardedNamespace(api);
      const places = { plain: namespace, injected: namespace, 'injected, with the guard': guarded };
      const rows: PodRow[] = [];
      const webhookMilliseconds = new Map<number, number>();
      for (const connections of CONNECTIONS) {
        const measured = await measureRows(api, places, { connections, rounds, podsOfRound });
        rows.push(...measured.rows);
        webhookMilliseconds.set(connections, measured.webhookMilliseconds);
      }
      return { kubernetes: cluster.facts.kubernetes, rows, webhookMilliseconds };
    } finally {
      await webhook.stop();
    }
  });
}

/** Applies the guard, bound to one namespace only, and waits until it rejects a pod. @returns the namespace */
async function guardedNamespace(api: Api): Promise<string> {
  const namespace = await api.namespace({ [NAMESPACE_LABEL]: 'enabled', ...GUARDED });
  const items = guardFor(INJECTOR_IMAGE).map((object) =>
    object.kind === 'ValidatingAdmissionPolicyBinding'
      ? {
          ...object,
          spec: {
            ...(object['spec'] as object),
            matchResources: { namespaceSelector: { matchLabels: GUARDED } },
          },
        }
      : object,
  );
  await api.namespace({}, PRODUCT_NAMESPACE);
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { status, stderr } = await api.cluster.kubectl(['apply', '--server-side', '--filename=-'], list);
  if (status !== 0) throw new Error(stderr);
  const forged = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'forged' },
    spec: { containers: [{ name: 'aws-secrets-fetch', image: 'x' }] },
  };
  await until('the guard', { seconds: 60 }, async () =>
    (await api.create(forged, '--dry-run=server')).status === 0 ? undefined : true,
  );
  return namespace;
}

interface Series {
  readonly connections: number;
  readonly rounds: number;
  readonly podsOfRound: number;
}

async function measureRows(
  api: Api,
  places: Readonly<Record<PodKind, string>>,
  { connections, rounds, podsOfRound }: Series,
): Promise<{ readonly rows: readonly PodRow[]; readonly webhookMilliseconds: number }> {
  const create = (kind: PodKind): Promise<Batch> =>
    createPods(api, places[kind], { count: podsOfRound, connections, asks: kind !== 'plain' });
  for (const kind of KINDS) await create(kind);
  const before = await webhookCalls(api);
  const seen: Record<PodKind, Batch[]> = { plain: [], injected: [], 'injected, with the guard': [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) seen[kind].push(await create(kind));
  }
  const after = await webhookCalls(api);
  const webhookMilliseconds = hundredths((1000 * (after.sum - before.sum)) / (after.count - before.count));
  const rows = KINDS.map((kind) => {
    const batches = seen[kind];
    const ratios = batches.map(({ perSecond }, at) => perSecond / (seen.plain[at]?.perSecond ?? Number.NaN));
    return {
      connections,
      kind,
      perSecond: Math.round(median(batches.map(({ perSecond }) => perSecond))),
      ratio: hundredths(median(ratios)),
      creationMilliseconds: hundredths(batches.reduce((sum, one) => sum + one.meanMilliseconds, 0) / rounds),
      failures: batches.reduce((sum, one) => sum + one.failures, 0),
    };
  });
  return { rows, webhookMilliseconds };
}

/** The registration of the manifests, with a webhook that the API server reaches on this machine. */
function registration(port: number, ca: string): KubernetesRegistration {
  const object = parse(readFileSync(REGISTRATION, 'utf8')) as KubernetesRegistration;
  const clientConfig = {
    url: `https://localhost:${port}/mutate`,
    caBundle: Buffer.from(ca).toString('base64'),
  };
  return { ...object, webhooks: object.webhooks.map((webhook) => ({ ...webhook, clientConfig })) };
}

interface KubernetesRegistration {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly webhooks: readonly object[];
  readonly [field: string]: unknown;
}

interface Batch {
  readonly perSecond: number;
  readonly meanMilliseconds: number;
  readonly failures: number;
}

/** Creates real pods, which stay pending because no node exists, and removes them afterwards. */
async function createPods(
  api: Api,
  namespace: string,
  {
    count,
    connections,
    asks,
  }: { readonly count: number; readonly connections: number; readonly asks: boolean },
): Promise<Batch> {
  const { facts } = api.cluster;
  const agent = administrator(facts);
  const url = new URL(`/api/v1/namespaces/${namespace}/pods`, facts.apiServerUrl);
  let [left, waited, failures] = [count, 0, 0];
  const started = performance.now();
  const keepCreating = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sent = performance.now();
      const answer = await post(url, agent, loadPod(asks));
      waited += performance.now() - sent;
      if (answer.includes('"aws-secrets-fetch"') !== asks || !answer.includes('"uid"')) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, keepCreating));
  const perSecond = (1000 * count) / (performance.now() - started);
  agent.destroy();
  await api.kubectl(`--namespace=${namespace}`, 'delete', 'pods', '--all', '--now', '--wait=false');
  return { perSecond, meanMilliseconds: waited / count, failures };
}
