/** What can happen to the replicas of the webhook, and to what they depend on. Each ends with two ready replicas. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { blockAddress } from '../firewall.ts';
import { markedProcesses } from '../processes.ts';
import type { Api } from '../product/api.ts';
import { PRODUCT_NAMESPACE } from '../product/install.ts';
import { DEPLOYMENT, limitCpu, processesOf, type Replica, replicas, settled, unready } from './replicas.ts';

const PRODUCT = `--namespace=${PRODUCT_NAMESPACE}`;

export async function rollingUpdate(api: Api): Promise<void> {
  await api.kubectl(PRODUCT, 'rollout', 'restart', DEPLOYMENT);
  await api.kubectl(PRODUCT, 'rollout', 'status', DEPLOYMENT, '--timeout=180s');
  await settled(api, 2);
}

/** Drains the node of one replica, then the node to which both have moved. */
export async function nodeDrains(api: Api): Promise<void> {
  for (let round = 1; round <= 2; round += 1) {
    const { node } = await first(api);
    await api.kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=180s');
    await settled(api, 2);
    await api.kubectl('uncordon', node);
  }
}

/** Kills the process of one replica. */
export async function kill(api: Api): Promise<void> {
  await killed(api, await first(api));
}

/** Kills the process of one replica, then that of the other. */
export async function kills(api: Api): Promise<void> {
  for (const replica of await replicas(api)) await killed(api, replica);
}

async function killed(api: Api, replica: Replica): Promise<void> {
  signal(replica, 'SIGKILL');
  await unready(api, replica);
  await settled(api, 2);
}

/** Stops the processes of a replica, until the kubelet has restarted it. */
export async function frozenReplica(api: Api): Promise<void> {
  await freeze(api, async () => void (await settled(api, 2)));
}

/** Stops the processes of a replica for some seconds longer than it is ready. */
export async function briefFreeze(api: Api): Promise<void> {
  await freeze(api, async () => await delay(3_000));
  await settled(api, 2);
}

async function freeze(api: Api, whileUnready: () => Promise<void>): Promise<void> {
  const replica = await first(api);
  const pids = signal(replica, 'SIGSTOP');
  try {
    await unready(api, replica);
    await whileUnready();
  } finally {
    for (const pid of pids) wake(pid);
  }
}

/** Gives all replicas a small share of a core. */
export function starvedReplicas(share: number, seconds: number): (api: Api) => Promise<void> {
  return async (api) => {
    const all = await replicas(api);
    for (const one of all) limitCpu(one, share);
    try {
      await delay(seconds * 1000);
    } finally {
      // A replica may have been replaced meanwhile.
      const left = await replicas(api);
      for (const one of all) if (left.some(({ uid }) => uid === one.uid)) limitCpu(one, undefined);
    }
    await settled(api, 2);
  };
}

/** Drops all packets from and to a replica. */
export function unreachableReplica(seconds: number): (api: Api) => Promise<void> {
  return async (api) => {
    const replica = await first(api);
    {
      using _ = blockAddress(replica.ip);
      await unready(api, replica);
      await delay(seconds * 1000);
    }
    await settled(api, 2);
  };
}

/** Lets etcd run for a part of each period only, so that every request waits. */
export function slowEtcd(seconds: number): (api: Api) => Promise<void> {
  return async (api) => {
    const pid = markedProcesses(api.cluster.facts.directory).find((one) =>
      /\/etcd[^/]*$|\/server$/.test(readFileSync(`/proc/${one}/cmdline`, 'utf8').split('\0')[0] ?? ''),
    );
    if (pid === undefined) throw new Error('etcd does not run');
    const end = performance.now() + seconds * 1000;
    try {
      while (performance.now() < end) {
        process.kill(pid, 'SIGSTOP');
        await delay(400);
        process.kill(pid, 'SIGCONT');
        await delay(100);
      }
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await settled(api, 2);
  };
}

function signal(replica: Replica, name: NodeJS.Signals): readonly number[] {
  const pids = processesOf(replica);
  if (pids.length === 0) throw new Error(`no process of ${replica.name}`);
  for (const pid of pids) process.kill(pid, name);
  return pids;
}

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended.
  }
}

async function first(api: Api): Promise<Replica> {
  const [replica] = await replicas(api);
  if (replica === undefined) throw new Error('the webhook has no replica');
  return replica;
}
