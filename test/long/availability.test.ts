/** Thousands of pods through each disturbance of the webhook, on a cluster with two nodes. Prints the table of the guide. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  frozenReplica,
  kills,
  nodeDrains,
  rollingUpdate,
  slowEtcd,
  starvedReplicas,
  unreachableReplica,
} from '../cluster/availability/disturbances.ts';
import { type Measured, measure } from '../cluster/availability/measure.ts';
import { settled } from '../cluster/availability/replicas.ts';
import { ApiClient } from '../cluster/client.ts';
import { clusterUnavailable } from '../cluster/cluster.ts';
import type { Api } from '../cluster/product/api.ts';
import { type Stage, startStage } from '../cluster/product/stage.ts';
import { clusterStart } from './cluster-start.ts';

const unavailable = clusterUnavailable('node');
if (unavailable !== undefined) process.stderr.write(`availability is skipped: ${unavailable}\n`);

const LOAD = { creations: 2000, rate: 20, replicas: 200 };

type Row = readonly [name: string, disturb: (api: Api) => Promise<void>, most: number];

/** With the most direct creations that may fail. No pod of a ReplicaSet may be missing after any of them. */
const ROLLING_UPDATE: Row = ['rolling update', rollingUpdate, 0];
const DRAINS: Row = ['drains of both nodes, one after the other', nodeDrains, 0];
const ROWS: readonly Row[] = [
  ROLLING_UPDATE,
  DRAINS,
  ['`kill -9` of one replica, then of the other', kills, 3],
  ['one replica stopped (SIGSTOP) until the kubelet restarts it', frozenReplica, 3],
  ['5% of a core for each replica, for 60 s', starvedReplicas(0.05, 60), 0],
  ['one replica without network, for 60 s', unreachableReplica(60), 3],
  ['etcd that runs for 100 ms of each 500 ms, for 60 s', slowEtcd(60), 0],
];

describe.skipIf(unavailable !== undefined).each([
  ['the addresses of the endpoints', [], ROWS, clusterStart],
  ['the cluster IP', ['--enable-aggregator-routing=false'], [ROLLING_UPDATE, DRAINS], () => {}],
] as const)('an API server that calls webhooks at %s', (route, apiServerArguments, rows, atLast) => {
  let stage: Stage;
  let client: ApiClient;
  let namespace = '';
  const measured: string[] = [];

  beforeAll(async () => {
    stage = await startStage({ apiServerArguments });
    client = new ApiClient(stage.cluster.facts);
    namespace = await stage.namespace();
    await stage.cluster.addNode([stage.imageArchive]);
  });
  afterAll(async () => {
    process.stdout.write(`\nThe API server calls webhooks at ${route}:\n\n${HEAD}${measured.join('')}\n`);
    client?.[Symbol.dispose]();
    await stage?.[Symbol.asyncDispose]();
  });

  it('after a rolling update, the replicas run on different nodes', async () => {
    await rollingUpdate(stage);
    const nodes = (await settled(stage, 2)).map(({ node }) => node);
    expect(nodes.sort()).toEqual(['node-1', 'node-2']);
  });

  it.each(rows)('%s', async (name, disturb, most) => {
    const result = await measure(stage, client, namespace, disturb, LOAD);
    measured.push(row(name, result));
    process.stdout.write(row(name, result));
    for (const [message, count] of result.messages) process.stdout.write(`${count} × ${message}\n`);
    expect(result.counts).toMatchObject({
      'without injection': 0,
      'rejected by the webhook': 0,
      'other failure': 0,
    });
    expect(result.counts['webhook not called']).toBeLessThanOrEqual(most);
    expect(result.counts.injected).toBeGreaterThanOrEqual(LOAD.creations - most);
    expect(result.replicaSet).toMatchObject({ injected: LOAD.replicas, withoutInjection: 0 });
  });

  atLast(() => stage);
});

const HEAD = `| disturbance | pods created directly | of them rejected | within | calls repeated | created without secrets | slowest creation | pods of a ReplicaSet |
| --- | --- | --- | --- | --- | --- | --- | --- |
`;

function row(name: string, { counts, failingSeconds, retried, longest, replicaSet }: Measured): string {
  const created = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const bare = counts['without injection'] + replicaSet.withoutInjection;
  const rejected = created - counts.injected - counts['without injection'];
  const within = rejected === 0 ? '' : `${failingSeconds.toFixed(1)} s`;
  const cells = [
    name,
    created,
    rejected,
    within,
    retried,
    bare,
    `${(longest / 1000).toFixed(1)} s`,
    `${replicaSet.injected} of ${replicaSet.wanted}`,
  ];
  return `| ${cells.join(' | ')} |\n`;
}
