/** Pods per second through a real API server, with and without the webhook, and the webhook's share of their creation. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { startCluster } from '../cluster/cluster.ts';
import { Api } from '../cluster/product/api.ts';
import { administrator, loadPod, post } from '../cluster/product/pod-requests.ts';
import { makeLeaf } from '../server/certificates.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { withDirectory } from '../server/directory.ts';
import { startWebhookProcess } from '../server/processes.ts';
import { median } from './median.ts';
import { hundredths } from './servers.ts';
import { webhookCalls } from './webhook-calls.ts';

const REGISTRATION = path.resolve(
  import.meta.dirname,
  '../../manifests/base/mutating-webhook-configuration.yaml',
);
const CONNECTIONS = [1, 16];

export interface ApiServerRow {
  readonly connections: number;
  /** Medians over the rounds. */
  readonly injectedPerSecond: number;
  readonly plainPerSecond: number;
  /** Injected to plain: the median of the ratios of each round. */
  readonly ratio: number;
  /** Means of all injected pods: their creation, and the call of the webhook as the API server measured it. */
  readonly creationMilliseconds: number;
  readonly webhookMilliseconds: number;
  /** Pods that were not created as they should. */
  readonly failures: number;
}

export interface ApiServerFigures {
  readonly kubernetes: string;
  readonly rows: readonly ApiServerRow[];
}

/** Starts an API server without nodes, registers the webhook, and creates pods in turn with and without annotations. */
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
      const rows: ApiServerRow[] = [];
      for (const connections of CONNECTIONS)
        rows.push(await measureRow(api, namespace, { connections, rounds, podsOfRound }));
      return { kubernetes: cluster.facts.kubernetes, rows };
    } finally {
      await webhook.stop();
    }
  });
}

interface Series {
  readonly connections: number;
  readonly rounds: number;
  readonly podsOfRound: number;
}

async function measureRow(api: Api, namespace: string, series: Series): Promise<ApiServerRow> {
  const { connections, rounds, podsOfRound } = series;
  const create = (asks: boolean): Promise<Batch> =>
    createPods(api, namespace, { count: podsOfRound, connections, asks });
  await create(true);
  await create(false);
  const seen: Record<'injected' | 'plain', Batch[]> = { injected: [], plain: [] };
  const before = await webhookCalls(api);
  for (let round = 0; round < rounds; round += 1) {
    for (const asks of round % 2 === 0 ? [true, false] : [false, true])
      seen[asks ? 'injected' : 'plain'].push(await create(asks));
  }
  const after = await webhookCalls(api);
  const ratios = seen.injected.map((one, at) => one.perSecond / (seen.plain[at]?.perSecond ?? Number.NaN));
  const mean = seen.injected.reduce((sum, one) => sum + one.meanMilliseconds, 0) / rounds;
  return {
    connections,
    injectedPerSecond: Math.round(median(seen.injected.map(({ perSecond }) => perSecond))),
    plainPerSecond: Math.round(median(seen.plain.map(({ perSecond }) => perSecond))),
    ratio: hundredths(median(ratios)),
    creationMilliseconds: hundredths(mean),
    webhookMilliseconds: hundredths((1000 * (after.sum - before.sum)) / (after.count - before.count)),
    failures: [...seen.injected, ...seen.plain].reduce((sum, one) => sum + one.failures, 0),
  };
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
