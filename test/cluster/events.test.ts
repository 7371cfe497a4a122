/** Events about rejections on a real API server, without a node: what it accepts, and what users see. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClusterApi } from '../../src/kubernetes/api-client.ts';
import { ROOT } from '../image/built-image.ts';
import { plainGet } from '../server/client.ts';
import { INJECTOR_IMAGE } from '../server/injector-image.ts';
import { clusterUnavailable } from './cluster.ts';
import type { KubernetesObject } from './product/api.ts';
import { PRODUCT_NAMESPACE } from './product/install.ts';
import { type OneReplica, REQUEST, startOneReplica } from './product/one-replica.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined) process.stderr.write(`the tests of Events are skipped: ${unavailable}\n`);

const ROLE = 'arn:aws:iam::111122223333:role/admin';
const DENIED = { 'secrets-injector.dev/role-arn': ROLE };
const ACCOUNT = `--as=system:serviceaccount:${PRODUCT_NAMESPACE}:aws-secrets-injector`;

interface Event extends Readonly<Record<string, unknown>> {
  readonly regarding: Readonly<Record<string, unknown>>;
}

describe.skipIf(unavailable !== undefined)('Events', () => {
  let running: OneReplica;
  beforeAll(async () => {
    running = await startOneReplica((place) => ({
      injection: {
        image: INJECTOR_IMAGE,
        allowedRoles: [{ namespace: 'other', role: '*' }],
      },
      events: {
        api: makeClusterApi(place),
        times: { updateMilliseconds: 200, pauseMilliseconds: 100 },
      },
    }));
  });
  afterAll(async () => await running?.stop());

  /** A ReplicaSet, whose controller creates the pod. */
  function replicaSet(name: string): KubernetesObject {
    const labels = { app: name };
    const { metadata, spec } = running.pod(name, DENIED);
    const template = { metadata: { labels, annotations: metadata['annotations'] }, spec };
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name, namespace: running.namespace },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    };
  }

  /** Creates a pod that is rejected. */
  async function reject(pod: KubernetesObject, ...args: readonly string[]): Promise<void> {
    const { stderr, status } = await running.api.create(pod, ...args);
    expect(stderr).toContain('ROLE_NOT_ALLOWED');
    expect(status).toBe(1);
  }

  async function events(): Promise<readonly Event[]> {
    const { items } = await running.api.get<{ readonly items: readonly Event[] }>(
      running.namespace,
      'events.events.k8s.io',
      '--field-selector=reason=ROLE_NOT_ALLOWED',
    );
    return items;
  }

  /** Waits for the Event about an object. */
  async function eventAbout(name: string, isRight = (_event: Event) => true): Promise<Event> {
    return await until(`an Event about ${name}`, { seconds: 60 }, async () => {
      const found = (await events()).filter(({ regarding }) => String(regarding['name']).startsWith(name));
      expect(found.length).toBeLessThan(2);
      return found.find(isRight);
    });
  }

  it('without the permission, a pod is rejected as ever, and the replica stays ready', async () => {
    await reject(running.pod('early', DENIED));
    await until('a failed Event', { seconds: 30 }, async () => {
      const { text } = await plainGet(running.replica.metricsPort, '/metrics');
      return /events_total\{result="failed"\} [1-9]/.test(text) ? true : undefined;
    });
    expect((await plainGet(running.replica.probePort, '/readyz')).status).toBe(200);
    expect(await events()).toEqual([]);
  });

  it('the component grants writing Events, and nothing more', async () => {
    const { api } = running;
    const file = path.join(ROOT, 'manifests/components/events/access.yaml');
    await api.kubectl('apply', '--server-side', `--filename=${file}`);
    const may = async (verb: string): Promise<string> =>
      (await api.cluster.kubectl(['auth', 'can-i', verb, 'events.events.k8s.io', ACCOUNT])).stdout.trim();
    await until('the permission', { seconds: 30 }, async () =>
      (await may('create')) === 'yes' ? true : undefined,
    );
    expect([await may('patch'), await may('get'), await may('list'), await may('delete')]).toEqual([
      'yes',
      'no',
      'no',
      'no',
    ]);
  });

  it('the controller of a rejected pod has one, whose count increases', async () => {
    const { api, namespace } = running;
    await api.mustCreate(replicaSet('rejected'));
    const event = await eventAbout('rejected', ({ series }) => series !== undefined && series !== null);
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'ROLE_NOT_ALLOWED',
      action: 'Inject',
      reportingController: 'secrets-injector.dev/webhook',
      regarding: { kind: 'ReplicaSet', name: 'rejected', namespace },
      note: expect.stringContaining(ROLE),
      series: { count: expect.any(Number) },
    });
    const described = await api.kubectl(`--namespace=${namespace}`, 'describe', 'replicaset', 'rejected');
    expect(described).toMatch(/Warning +ROLE_NOT_ALLOWED .*secrets-injector\.dev\/webhook/);
    // As in docs/guides/policy.md.
    const listed = await api.kubectl(
      'get',
      'events',
      '--all-namespaces',
      '--field-selector',
      'reason=ROLE_NOT_ALLOWED',
    );
    expect(listed).toContain('replicaset/rejected');
    await api.kubectl(`--namespace=${namespace}`, 'delete', 'replicaset', 'rejected');
  });

  it('a pod without a controller has one with its name', async () => {
    await reject(running.pod('alone', DENIED));
    expect((await eventAbout('alone')).regarding).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'alone',
      namespace: running.namespace,
    });
  });

  it('a pod whose name is generated has one', async () => {
    const pod = running.pod('x', { ...REQUEST, ...DENIED });
    const { name: _name, ...metadata } = pod.metadata;
    const before = (await events()).length;
    await reject({ ...pod, metadata: { ...metadata, generateName: 'generated-' } });
    await until('the Event', { seconds: 30 }, async () =>
      (await events()).length > before ? true : undefined,
    );
  });

  it('a dry run has none', async () => {
    await reject(running.pod('dry', DENIED), '--dry-run=server');
    await reject(running.pod('real', DENIED));
    await eventAbout('real');
    expect((await events()).map(({ regarding }) => regarding['name'])).not.toContain('dry');
  });
});
