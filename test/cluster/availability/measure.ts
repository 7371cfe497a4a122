/** Creates pods through one disturbance, and counts what became of them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../client.ts';
import type { Api } from '../product/api.ts';
import { until } from '../until.ts';
import { type Creation, keepCreating, type Outcome } from './creations.ts';
import { askingPod, askingReplicaSet, isInjected, type PodObject } from './injected-pods.ts';

export interface MeasureOptions {
  /** The least number of pods that are created directly. */
  readonly creations: number;
  /** Direct creations a second. */
  readonly rate: number;
  /** Pods that a ReplicaSet creates, starting with the disturbance. */
  readonly replicas: number;
}

export interface Measured {
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Seconds from the first to the last creation that was not injected. */
  readonly failingSeconds: number;
  /** Different messages of creations that were not injected, with their number. */
  readonly messages: ReadonlyMap<string, number>;
  /** Milliseconds of the slowest direct creation. */
  readonly longest: number;
  /** Calls of the webhook that the API server repeated. */
  readonly retried: number;
  readonly replicaSet: {
    readonly wanted: number;
    readonly injected: number;
    readonly withoutInjection: number;
  };
}

/** Milliseconds of undisturbed creations before the disturbance, and after it. */
const CALM = 3_000;

export async function measure(
  api: Api,
  client: ApiClient,
  namespace: string,
  disturb: (api: Api) => Promise<void>,
  options: MeasureOptions,
): Promise<Measured> {
  const before = await failedOpen(api);
  const load = keepCreating(client, namespace, options.rate, askingPod);
  try {
    await delay(CALM);
    const [replicaSet] = await Promise.all([scaleUp(client, namespace, options.replicas), disturb(api)]);
    await delay(CALM);
    const answers = await load.finish(options.creations);
    return { ...summary(answers), retried: (await failedOpen(api)) - before, replicaSet };
  } finally {
    await load.finish(0);
    await removeAll(client, namespace);
  }
}

function summary(answers: readonly Creation[]): Omit<Measured, 'retried' | 'replicaSet'> {
  const counts: Record<Outcome, number> = {
    injected: 0,
    'without injection': 0,
    'rejected by the webhook': 0,
    'webhook not called': 0,
    'other failure': 0,
  };
  const messages = new Map<string, number>();
  for (const { outcome, message } of answers) {
    counts[outcome] += 1;
    if (outcome !== 'injected') messages.set(message, (messages.get(message) ?? 0) + 1);
  }
  const failed = answers.filter(({ outcome }) => outcome !== 'injected').map(({ at }) => at);
  return {
    counts,
    messages,
    failingSeconds: failed.length === 0 ? 0 : (Math.max(...failed) - Math.min(...failed)) / 1000,
    longest: Math.max(...answers.map((one) => one.milliseconds)),
  };
}

async function scaleUp(
  client: ApiClient,
  namespace: string,
  wanted: number,
): Promise<Measured['replicaSet']> {
  const sets = `/apis/apps/v1/namespaces/${namespace}/replicasets`;
  const { status, body } = await client.send('POST', sets, askingReplicaSet('set', wanted));
  if (status !== 201) throw new Error(`the ReplicaSet was rejected: ${body}`);
  // Its controller retries after growing pauses.
  const pods = await until('the pods of the ReplicaSet', { seconds: 300 }, async () => {
    const list = await client.send('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dset`);
    const { items } = JSON.parse(list.body) as { items: PodObject[] };
    if (items.length < wanted) throw new Error(`${items.length} of ${wanted}`);
    return items;
  });
  const injected = pods.filter(isInjected).length;
  return { wanted, injected, withoutInjection: pods.length - injected };
}

async function removeAll(client: ApiClient, namespace: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await client.send('DELETE', `/apis/apps/v1/namespaces/${namespace}/replicasets/set`);
  await until('all pods to be deleted', { seconds: 120 }, async () => {
    await client.send('DELETE', `${pods}?gracePeriodSeconds=0`);
    const { body } = await client.send('GET', `${pods}?limit=1`);
    return (JSON.parse(body) as { items: unknown[] }).items.length === 0 ? true : undefined;
  });
}

/** The number of calls of our webhooks that failed and were ignored. */
async function failedOpen(api: Api): Promise<number> {
  const metrics = await api.kubectl('get', '--raw=/metrics');
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_admission_webhook_fail_open_count{'))
    .filter((line) => line.includes('secrets-injector.dev"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
