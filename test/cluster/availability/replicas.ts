/** The replicas of the webhook: their pods, and their processes on this machine. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processesInCgroup } from '../processes.ts';
import type { Api } from '../product/api.ts';
import { PRODUCT_NAMESPACE } from '../product/install.ts';
import { until } from '../until.ts';

export const DEPLOYMENT = 'deployment/aws-secrets-injector';
const SELECTOR = '--selector=app.kubernetes.io/component=webhook';

export interface Replica {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ip: string;
  readonly isReady: boolean;
  readonly isEnding: boolean;
}

interface WebhookPod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface EndpointSlice {
  readonly endpoints?:
    | readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[]
    | null;
}

export async function replicas(api: Api): Promise<readonly Replica[]> {
  const { items } = await api.get<{ items: WebhookPod[] }>(PRODUCT_NAMESPACE, 'pods', SELECTOR);
  return items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    uid: metadata.uid,
    node: spec.nodeName ?? '',
    ip: status.podIP ?? '',
    isReady: status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true,
    isEnding: metadata.deletionTimestamp !== undefined,
  }));
}

/** Milliseconds until every program has received a change of the endpoints. */
const PROPAGATION = 2_000;

/** Waits until exactly this number of replicas exists, all of them are ready, and the API server calls them. */
export async function settled(api: Api, count: number, seconds = 240): Promise<readonly Replica[]> {
  const found = await until(`${count} ready replicas`, { seconds }, async () => {
    const all = await replicas(api);
    const addresses = await readyAddresses(api);
    const isSettled = all.every((one) => one.isReady && !one.isEnding && addresses.includes(one.ip));
    if (all.length !== count || !isSettled) throw new Error(JSON.stringify({ all, addresses }));
    return all;
  });
  await delay(PROPAGATION);
  return found;
}

async function readyAddresses(api: Api): Promise<readonly string[]> {
  const { items } = await api.get<{ items: EndpointSlice[] }>(PRODUCT_NAMESPACE, 'endpointslices');
  return items.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter(({ conditions }) => conditions?.ready === true).flatMap((one) => one.addresses),
  );
}

/** Waits until the replica is not ready or has ended. */
export async function unready(api: Api, { uid }: Replica, seconds = 60): Promise<void> {
  await until('the replica to become unready', { seconds }, async () =>
    (await replicas(api)).some((one) => one.uid === uid && one.isReady) ? undefined : true,
  );
}

/** The processes of the webhook in a replica, without those of its sandbox. */
export function processesOf({ uid }: Replica): readonly number[] {
  return processesInCgroup(`pod${uid}`).filter((pid) => {
    const command = `/proc/${pid}/cmdline`;
    return existsSync(command) && readFileSync(command, 'utf8').startsWith('/app/aws-secrets-injector');
  });
}

/** Limits the CPU of a replica. @param share of one core, or undefined for no limit */
export function limitCpu(replica: Replica, share: number | undefined): void {
  const [pid] = processesInCgroup(`pod${replica.uid}`);
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const period = 100_000;
  const quota = share === undefined ? undefined : Math.round(share * period);
  for (const line of lines) {
    const [, controllers = '', place = ''] = line.split(':');
    const pod = place.slice(0, place.indexOf(replica.uid) + replica.uid.length);
    const v1 = path.join('/sys/fs/cgroup', controllers, pod, 'cpu.cfs_quota_us');
    const v2 = path.join('/sys/fs/cgroup', pod, 'cpu.max');
    if (controllers.split(',').includes('cpu') && existsSync(v1)) writeFileSync(v1, String(quota ?? -1));
    else if (controllers === '' && existsSync(v2)) writeFileSync(v2, `${quota ?? 'max'} ${period}`);
    else continue;
    return;
  }
  throw new Error(`no cgroup limits the CPU of ${replica.name}`);
}
