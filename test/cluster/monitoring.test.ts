/**
 * The metrics of other programs that manifests/monitoring uses, from a real API server and a real kube-state-metrics. The tier
 * `monitoring`, which has neither, uses what is recorded here. Recorded again with UPDATE_RECORDED=1.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Webhook } from '../../src/webhook/webhook.ts';
import { metricNames } from '../monitoring/queries.ts';
import { compareWithRecorded, type Snapshot, samplesOf } from '../monitoring/recorded.ts';
import { freePorts } from './addresses.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api, type KubernetesObject } from './product/api.ts';
import { PRODUCT_NAMESPACE } from './product/install.ts';
import { keepCreating, manifests, REGISTRATIONS, startReplicas, untilReady } from './product/self-managed.ts';
import { build } from './toolchain/build.ts';
import { kubeStateMetricsModules } from './toolchain/versions.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined)
  process.stderr.write(`the test of recorded metrics is skipped: ${unavailable}\n`);

const OTHERS = /^(?:kube|apiserver)_/;
const ROOT = path.resolve(import.meta.dirname, '../..');

/** How the fetcher of a pod ended, as the kubelet reports it. */
const ENDED: Readonly<Record<string, object>> = {
  denied: {
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 11, reason: 'Error' } },
    restartCount: 3,
  },
  'out-of-memory': {
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    restartCount: 2,
  },
  'no-image': { state: { waiting: { reason: 'ImagePullBackOff' } } },
  once: { state: { terminated: { exitCode: 12, reason: 'Error' } } },
  fetched: { state: { terminated: { exitCode: 0, reason: 'Completed' } }, ready: true },
};

describe.skipIf(unavailable !== undefined)('recorded metrics', () => {
  let api: Api;
  let replicas: readonly Webhook[] = [];
  let port = 0;
  const stateMetrics = new AbortController();
  beforeAll(async () => {
    const programs = await build(kubeStateMetricsModules());
    api = new Api(await startCluster({ level: 'control-plane' }));
    const [ksm = 0, telemetry = 0] = await freePorts(2);
    port = ksm;
    const flags = [
      '--host=127.0.0.1',
      `--port=${port}`,
      '--telemetry-host=127.0.0.1',
      `--telemetry-port=${telemetry}`,
    ];
    spawn(
      path.join(programs, 'kube-state-metrics'),
      [...flags, `--kubeconfig=${api.cluster.facts.kubeconfig}`, '--resources=pods,deployments'],
      { stdio: 'ignore', signal: stateMetrics.signal },
    ).on('error', () => undefined);
  });
  afterAll(async () => {
    stateMetrics.abort();
    for (const replica of replicas) await replica.close();
    await api?.cluster.stop();
  });

  async function snapshot(): Promise<Snapshot> {
    const names = metricNames(OTHERS);
    const texts = [
      await api.kubectl('get', '--raw', '/metrics'),
      await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    ];
    return texts.flatMap((text) => samplesOf(text, names)).filter((one) => !/name="third[.]/.test(one));
  }

  async function start(namespace: string, name: string): Promise<void> {
    const init = { name: 'aws-secrets-fetch', image: 'fetch' };
    await api.mustCreate({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { initContainers: [init], containers: [{ name: 'app', image: 'app' }] },
    });
    await report(namespace, name, ENDED[name]);
  }

  /** Reports the init container of a pod, as the kubelet does. */
  async function report(namespace: string, name: string, container: object = {}): Promise<void> {
    const common = { name: 'aws-secrets-fetch', image: 'fetch', imageID: '', ready: false, restartCount: 0 };
    const phase = name === 'once' ? 'Failed' : 'Pending';
    const status = { phase, initContainerStatuses: [{ ...common, ...container }] };
    await api.kubectl(
      ...[`--namespace=${namespace}`, 'patch', 'pod', name, '--subresource=status', '--type=merge'],
      `--patch=${JSON.stringify({ status })}`,
    );
  }

  it('have the names and labels that the tier monitoring uses', async () => {
    const ports = await freePorts(3);
    const { status, stderr } = await api.cluster.kubectl(
      ['apply', '--server-side', '--filename=-'],
      manifests(ports, true),
    );
    expect(status, stderr).toBe(0);
    const deployment = readFileSync(path.join(ROOT, 'manifests/base/deployment.yaml'), 'utf8');
    await api.cluster.kubectl(['apply', '--filename=-'], deployment);
    replicas = await startReplicas(api, { ca: 3600, certificate: 600 }, ports);
    await untilReady(replicas);
    const namespace = await api.namespace();
    const load = keepCreating(api, namespace);
    await load.more(10);
    for (const name of Object.keys(ENDED)) await start('default', name);
    const denied = await api.create(asking(namespace, { 'file.x': 'not an ARN' }));
    expect(denied.stderr).toContain('denied the request');
    await until('kube-state-metrics to see the pods', { seconds: 30 }, async () =>
      (await snapshot()).filter((one) => one.includes('status_ready')).length >= Object.keys(ENDED).length
        ? true
        : undefined,
    );
    const snapshots = [await snapshot()];
    await load.more(10);
    await load.stop();
    await api.create(asking(namespace, { 'file.x': 'not an ARN' }));
    await start(namespace, 'denied');
    await report('default', 'denied', { ...ENDED['denied'], restartCount: 4 });
    snapshots.push(await snapshot());
    for (const replica of replicas) await replica.close();
    replicas = [];
    const unanswered = await api.create(asking(namespace));
    expect(unanswered.stderr).toContain('failed calling webhook');
    snapshots.push(await snapshot());
    for (const name of REGISTRATIONS) {
      const webhooks = (await api.get(PRODUCT_NAMESPACE, 'mutatingwebhookconfiguration', name))['webhooks'];
      const patch = (webhooks as readonly object[]).map((_one, index) => ({
        op: 'replace',
        path: `/webhooks/${index}/failurePolicy`,
        value: 'Ignore',
      }));
      await api.kubectl(
        'patch',
        'mutatingwebhookconfiguration',
        name,
        '--type=json',
        `--patch=${JSON.stringify(patch)}`,
      );
    }
    await until('the API server to ignore failures', { seconds: 30 }, async () =>
      (await api.create(asking(namespace), '--dry-run=server')).status === 0 ? true : undefined,
    );
    snapshots.push(await snapshot());
    const found = new Set(snapshots.flat().map((one) => one.split('{')[0]));
    expect([...metricNames(OTHERS)].filter((name) => !found.has(name))).toEqual([]);
    compareWithRecorded(snapshots);
  });
});

function asking(namespace: string, annotations: Readonly<Record<string, string>> = {}): KubernetesObject {
  const all = {
    'file.value': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf',
    ...annotations,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'asking-',
      namespace,
      annotations: Object.fromEntries(
        Object.entries(all).map(([key, value]) => [`secrets-injector.dev/${key}`, value]),
      ),
    },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  };
}
