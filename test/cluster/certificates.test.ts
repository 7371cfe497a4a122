/** Self-managed certificates on a real API server, which verifies them for every pod, with the rights of the manifests. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Webhook } from '../../src/webhook/webhook.ts';
import { freePorts } from './addresses.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api } from './product/api.ts';
import { PRODUCT_NAMESPACE } from './product/install.ts';
import {
  apiServerProcess,
  CA_SECRET,
  keepCreating,
  manifests,
  REGISTRATIONS,
  shownCertificate,
  startReplicas,
  untilReady,
} from './product/self-managed.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined)
  process.stderr.write(`the tests of certificates are skipped: ${unavailable}\n`);

/** In seconds. A year and a week, compressed: CAs are replaced after 30 s, and certificates after 10 s. */
const LIFETIMES = { ca: 45, certificate: 15 };
const ACCOUNT = `--as=system:serviceaccount:${PRODUCT_NAMESPACE}:aws-secrets-injector`;
const IN_NAMESPACE = `--namespace=${PRODUCT_NAMESPACE}`;

describe.skipIf(unavailable !== undefined)('self-managed certificates', () => {
  let api: Api;
  let replicas: readonly Webhook[] = [];
  let ports: readonly number[] = [];
  let namespace = '';

  beforeAll(async () => {
    api = new Api(await startCluster({ level: 'control-plane' }));
    namespace = await api.namespace();
    ports = await freePorts(3);
    await apply('--server-side');
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    await api?.cluster.stop();
  });

  async function apply(...args: readonly string[]): Promise<void> {
    const { status, stderr } = await api.cluster.kubectl(
      ['apply', ...args, '--filename=-'],
      manifests(ports),
    );
    expect(status, stderr).toBe(0);
  }

  /** Replaces all replicas, and the CA. */
  async function restart(lifetimes: typeof LIFETIMES): Promise<void> {
    for (const replica of replicas) await replica.close();
    if (replicas.length > 0) await api.kubectl(IN_NAMESPACE, 'delete', CA_SECRET);
    replicas = await startReplicas(api, lifetimes, ports);
    await untilReady(replicas);
    // From now on, every answer closes its connection, so that each review verifies the certificate.
    for (const replica of replicas) replica.drain();
  }

  /** `caBundle` of every webhook. */
  async function bundles(): Promise<readonly string[]> {
    const path = '{.items[*].webhooks[*].clientConfig.caBundle}';
    const text = await api.kubectl('get', 'mutatingwebhookconfiguration', `--output=jsonpath=${path}`);
    return text.split(' ').map((one) => Buffer.from(one, 'base64').toString());
  }

  async function secretCa(): Promise<string> {
    const path = '{.data.ca\\.crt}';
    const { stdout } = await api.cluster.kubectl([
      IN_NAMESPACE,
      'get',
      CA_SECRET,
      `--output=jsonpath=${path}`,
    ]);
    return Buffer.from(stdout, 'base64').toString();
  }

  async function untilEveryBundleContains(ca: string): Promise<void> {
    await until('caBundle to contain the CA', { seconds: 30 }, async () =>
      (await bundles()).every((pem) => pem.includes(ca)) ? true : undefined,
    );
  }

  async function untilNewCa(before: string): Promise<string> {
    return await until('a new CA', { seconds: 30 }, async () => {
      const ca = await secretCa();
      return ca.startsWith('-----BEGIN') && ca !== before ? ca : undefined;
    });
  }

  async function expectInjected(): Promise<void> {
    const load = keepCreating(api, namespace);
    await load.more(20).finally(() => load.stop());
    expect(load.failures).toEqual([]);
  }

  it('three replicas that start at once become ready with one CA, and the API server trusts all of them', async () => {
    await restart(LIFETIMES);
    const ca = await secretCa();
    expect(await bundles()).toEqual([ca, ca, ca]);
    await expectInjected();
  });

  it.each([
    ['get', CA_SECRET, IN_NAMESPACE],
    ['patch', CA_SECRET, IN_NAMESPACE],
    ['patch', 'mutatingwebhookconfiguration/aws-secrets-injector', IN_NAMESPACE],
    ['patch', 'mutatingwebhookconfiguration/zz-aws-secrets-injector', IN_NAMESPACE],
  ])('the service account may %s %s', async (verb, object, where) => {
    const { stdout } = await api.cluster.kubectl(['auth', 'can-i', verb, object, where, ACCOUNT]);
    expect(stdout.trim()).toBe('yes');
  });

  it.each([
    ['get', 'secret/another', IN_NAMESPACE],
    ['list', 'secret', IN_NAMESPACE],
    ['create', 'secret', IN_NAMESPACE],
    ['delete', CA_SECRET, IN_NAMESPACE],
    ['get', CA_SECRET, '--namespace=default'],
    ['patch', 'mutatingwebhookconfiguration/another', IN_NAMESPACE],
    ['create', 'mutatingwebhookconfiguration', IN_NAMESPACE],
    ['delete', 'mutatingwebhookconfiguration/aws-secrets-injector', IN_NAMESPACE],
    ['patch', 'validatingwebhookconfiguration/aws-secrets-injector', IN_NAMESPACE],
  ])('the service account may not %s %s', async (verb, object, where) => {
    const { stdout } = await api.cluster.kubectl(['auth', 'can-i', verb, object, where, ACCOUNT]);
    expect(stdout.trim()).toBe('no');
  });

  it('applying the manifests again leaves the CA and caBundle unchanged', async () => {
    const changes: string[] = [];
    for (const args of [['--server-side'], []]) {
      const before = [await secretCa(), ...(await bundles())];
      await apply(...args);
      const after = [await secretCa(), ...(await bundles())];
      // Unless they were renewed meanwhile, which never removes anything at once.
      if (after.some((pem, index) => !pem.includes(before[index] ?? '?'))) changes.push(...args, 'changed');
    }
    expect(changes).toEqual([]);
  });

  it.each([
    ['deleted', ['delete', CA_SECRET]],
    ['filled with garbage', ['patch', CA_SECRET, '--patch={"data":{"ca.crt":"eA==","ca.key":"eA=="}}']],
    ['emptied', ['patch', CA_SECRET, '--patch={"data":null}']],
  ])('the Secret is %s: a new CA, and no failed review', async (_name, args) => {
    const before = await secretCa();
    const load = keepCreating(api, namespace);
    await api.kubectl(IN_NAMESPACE, ...args);
    const ca = await untilNewCa(before);
    await untilEveryBundleContains(ca);
    for (const replica of replicas)
      await until('a certificate of the new CA', { seconds: 30 }, async () =>
        (await shownCertificate(replica)).checkIssued(new X509Certificate(ca)) ? true : undefined,
      );
    await load.more(10);
    await load.stop();
    expect(load.failures).toEqual([]);
  });

  it('caBundle is set again after it was blanked, and after the object was replaced', async () => {
    for (const name of REGISTRATIONS) {
      const blank = JSON.stringify([{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }]);
      await api.kubectl('patch', `mutatingwebhookconfiguration/${name}`, '--type=json', `--patch=${blank}`);
    }
    await untilEveryBundleContains(await secretCa());
    const { status, stderr } = await api.cluster.kubectl(['replace', '--filename=-'], manifests(ports));
    expect(status, stderr).toBe(0);
    await until('a CA', { seconds: 30 }, async () => (await secretCa()) || undefined);
    await untilEveryBundleContains(await secretCa());
    await expectInjected();
  });

  it('the API server is away for a minute, in which certificates expire four times: the first pods afterwards are injected', async () => {
    await restart({ ca: 300, certificate: 15 });
    const pid = apiServerProcess(api);
    process.kill(pid, 'SIGSTOP');
    try {
      await delay(61_000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await expectInjected();
    await restart(LIFETIMES);
  });

  it('two CAs and six certificates of each replica in a minute, under load: no failed review', async () => {
    const load = keepCreating(api, namespace);
    const cas = new Set<string>();
    const end = performance.now() + 70_000;
    while (performance.now() < end) {
      cas.add(await secretCa());
      await delay(1000);
    }
    expect(await load.stop()).toBeGreaterThan(100);
    expect(load.failures).toEqual([]);
    expect(cas.size).toBeGreaterThanOrEqual(3);
    for (const pem of await bundles()) expect(pem.match(/BEGIN/g)?.length).toBeLessThanOrEqual(3);
  });
});
