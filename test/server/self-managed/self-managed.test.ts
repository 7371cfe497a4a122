/** Self-managed certificates: every review finds a certificate that `caBundle` trusts, whatever happens to the cluster. */
import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/webhook/certificates/self-managed/authority.ts';
import { readBundle } from '../../../src/webhook/certificates/self-managed/ca-bundle.ts';
import { ClusterClock } from '../../../src/webhook/certificates/self-managed/cluster-clock.ts';
import { plainGet } from '../client.ts';
import { eventually, type Running } from '../running.ts';
import { type Cluster, FIRST, SECOND, SECRET, startCluster } from './cluster.ts';
import { DAY, keepReviewing, review, startReplica, startReplicaAt, untilReady } from './replicas.ts';

type StoredSecret = Parameters<Parameters<Cluster['put']>[1]>[0];

/** The CA in the Secret. */
function secretCa(cluster: Cluster): string | undefined {
  const cert = cluster.objects.get(SECRET)?.data?.['ca.crt'];
  return cert === undefined ? undefined : Buffer.from(cert, 'base64').toString();
}

/** Waits until every replica uses a certificate of the CA in the Secret. */
async function untilRotated(replicas: readonly Running[], cluster: Cluster): Promise<void> {
  for (const replica of replicas)
    await eventually(
      () => review(replica, cluster),
      (leaf) => {
        const ca = secretCa(cluster);
        return ca?.startsWith('-----BEGIN') === true && leaf.checkIssued(new X509Certificate(ca));
      },
    );
}

/** Waits until replicas have made two more checks each, on average, so that one of them began after now. */
async function untilChecked(cluster: Cluster, replicas: number): Promise<void> {
  const reads = (): number => cluster.requests.filter((one) => one === `GET ${FIRST}`).length;
  const before = reads();
  await eventually(reads, (count) => count >= before + 2 * replicas + 1);
}

async function metric(replica: Running, name: string): Promise<string | undefined> {
  const { text } = await plainGet(replica.metricsPort, '/metrics');
  return new RegExp(`^secrets_injector_${name} (\\S+)$`, 'm').exec(text)?.[1];
}

test('three replicas that start at once agree on one CA, and each has a certificate of its own', async () => {
  const cluster = await startCluster();
  const replicas = await Promise.all([1, 2, 3].map(() => startReplica(cluster)));
  await untilReady(...replicas);
  const leaves = await Promise.all(replicas.map((replica) => review(replica, cluster)));
  expect(new Set(leaves.map(({ fingerprint256 }) => fingerprint256)).size).toBe(3);
  const [bundle = ''] = cluster.bundles();
  expect(readBundle(bundle).map(String)).toEqual([secretCa(cluster)]);
  for (const leaf of leaves) expect(leaf.ca).toBe(false);
});

test('the key is in memory alone: no file appears, and the log and the metrics contain none', async () => {
  const cluster = await startCluster();
  const replica = await startReplica(cluster);
  await untilReady(replica);
  expect(readdirSync(replica.directory)).toEqual([]);
  const key = Buffer.from(cluster.objects.get(SECRET)?.data?.['ca.key'] ?? '', 'base64').toString();
  const [, line = ''] = key.split('\n');
  expect(line.length).toBeGreaterThan(40);
  const { text } = await plainGet(replica.metricsPort, '/metrics');
  expect(JSON.stringify(replica.log) + text).not.toContain(line);
});

test('source, age and expiry are in the metrics and in the answer of the probe', async () => {
  const cluster = await startCluster();
  const replica = await startReplica(cluster);
  await untilReady(replica);
  const leaf = await review(replica, cluster);
  const { text } = await plainGet(replica.probePort, '/readyz');
  expect(text).toContain('source self');
  expect(text).toContain(`expires ${leaf.validToDate.toISOString()}`);
  expect(await metric(replica, 'certificate_expiry_timestamp_seconds')).toBe(
    String(leaf.validToDate.getTime() / 1000),
  );
  const ca = new X509Certificate(secretCa(cluster) ?? '');
  expect(await metric(replica, 'ca_expiry_timestamp_seconds')).toBe(String(ca.validToDate.getTime() / 1000));
  expect(await metric(replica, 'ca_trusted')).toBe('1');
  const since = await metric(
    replica,
    'certificate_in_use_since_timestamp_seconds{source="self"}'.replace(/[{}]/g, '\\$&'),
  );
  expect(Number(since) * 1000).toBeLessThanOrEqual(Date.now());
});

test('is not ready while no registration trusts the CA, and says why', async () => {
  const cluster = await startCluster();
  cluster.isForbidden = (request) => request === `PATCH ${FIRST}`;
  const replica = await startReplica(cluster);
  expect(await plainGet(replica.probePort, '/readyz')).toMatchObject({
    status: 503,
    text: expect.stringMatching(
      /does not contain the CA yet: cannot patch MutatingWebhookConfiguration first: .*not allowed/,
    ),
  });
  cluster.isForbidden = () => false;
  await untilReady(replica);
  cluster.remove(FIRST);
  const another = await startReplica(cluster);
  expect((await plainGet(another.probePort, '/readyz')).text).toContain('first does not exist');
  // A running replica goes on: nobody calls it meanwhile.
  await untilReady(replica);
});

test.each([
  ['deleted', (cluster: Cluster) => cluster.remove(SECRET)],
  ['emptied', (cluster: Cluster) => cluster.put(SECRET, (object) => delete object.data)],
  [
    'filled with garbage',
    (cluster: Cluster) =>
      cluster.put(SECRET, (object) => (object.data = { 'ca.crt': 'eA==', 'ca.key': '%' })),
  ],
  [
    'left with half of its keys',
    (cluster: Cluster) => cluster.put(SECRET, (object) => delete object.data?.['ca.key']),
  ],
])('the Secret is %s: a new CA, and no failed review', async (_name, damage) => {
  const cluster = await startCluster();
  const replicas = await Promise.all([startReplica(cluster), startReplica(cluster)]);
  await untilReady(...replicas);
  const before = secretCa(cluster);
  const load = keepReviewing(replicas, cluster);
  damage(cluster);
  await eventually(
    () => secretCa(cluster),
    (ca) => ca?.startsWith('-----BEGIN') === true && ca !== before,
  );
  // The new CA signs only after API servers have had a minute to learn of it.
  await untilChecked(cluster, 2);
  cluster.now += 61_000;
  await untilRotated(replicas, cluster);
  expect(await load.stop()).toBeGreaterThan(0);
  expect(load.failures).toEqual([]);
  for (const bundle of cluster.bundles())
    expect(readBundle(bundle).map(String)).toEqual([before, secretCa(cluster)]);
});

test('a new CA is trusted by every registration before any certificate of it is used', async () => {
  const cluster = await startCluster();
  const replica = await startReplica(cluster);
  await untilReady(replica);
  const before = await review(replica, cluster);
  cluster.isForbidden = (request) => request.startsWith(`PATCH ${FIRST}`);
  cluster.remove(SECRET);
  await eventually(
    () => secretCa(cluster),
    (ca) => ca !== undefined,
  );
  cluster.now += 61_000;
  await untilChecked(cluster, 1);
  expect((await review(replica, cluster)).fingerprint256).toBe(before.fingerprint256);
  cluster.isForbidden = () => false;
  await untilChecked(cluster, 1);
  expect((await review(replica, cluster)).fingerprint256).toBe(before.fingerprint256);
  cluster.now += 61_000;
  await untilRotated([replica], cluster);
});

test.each([
  ['blanked', undefined],
  ['garbage', Buffer.from('not a certificate').toString('base64')],
])(
  'caBundle that becomes %s is set again, also in a registration that is added later',
  async (_name, caBundle) => {
    const cluster = await startCluster();
    // The watches report changes: no check by time follows within this test.
    const replicas = await Promise.all(
      [1, 2].map(() => startReplica(cluster, { checkMilliseconds: 600_000 })),
    );
    await untilReady(...replicas);
    cluster.put(SECOND, () => undefined);
    const all = (): Promise<readonly string[]> =>
      eventually(cluster.bundles, (bundles) => bundles.every((pem) => pem === secretCa(cluster)));
    expect(await all()).toHaveLength(2);
    for (const at of [FIRST, SECOND])
      cluster.put(at, ({ webhooks = [] }) => {
        for (const { clientConfig } of webhooks) {
          delete clientConfig.caBundle;
          if (caBundle !== undefined) clientConfig.caBundle = caBundle;
        }
      });
    await all();
    for (const replica of replicas) await review(replica, cluster);
  },
);

test('another program that sets caBundle again and again is answered more and more slowly', async () => {
  const cluster = await startCluster();
  const replica = await startReplica(cluster, { checkMilliseconds: 600_000 });
  await untilReady(replica);
  const writes = (): number => cluster.requests.filter((one) => one === `PATCH ${FIRST}`).length;
  const pauses: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const [before, started] = [writes(), performance.now()];
    cluster.put(FIRST, ({ webhooks = [] }) => {
      for (const { clientConfig } of webhooks) delete clientConfig.caBundle;
    });
    await eventually(writes, (count) => count > before);
    pauses.push(performance.now() - started);
  }
  // The least that a reaction waits: 50 ms, and twice as long for each write after the sixth in a minute.
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(200);
});

test('a restored CA is added beside the current one, and replaces it without a failed review', async () => {
  const cluster = await startCluster();
  const old = await createAuthority(cluster.now - 10 * DAY, 90 * DAY);
  const replicas = await Promise.all([startReplica(cluster), startReplica(cluster)]);
  await untilReady(...replicas);
  const current = secretCa(cluster);
  const load = keepReviewing(replicas, cluster);
  const encode = (pem: string): string => Buffer.from(pem).toString('base64');
  cluster.put(SECRET, (object) => {
    object.data = { 'ca.crt': encode(old.cert), 'ca.key': encode(old.key) };
  });
  await eventually(cluster.bundles, ([pem = '']) => pem.includes(old.cert) && pem.includes(current ?? '?'));
  await untilChecked(cluster, 2);
  cluster.now += 61_000;
  await untilRotated(replicas, cluster);
  expect(secretCa(cluster)).toBe(old.cert);
  await load.stop();
  expect(load.failures).toEqual([]);
});

test('the clock of a node has no effect, however far it jumps', async () => {
  const cluster = await startCluster();
  let node = cluster.now + 1000 * DAY;
  const [wrong, right] = [await startReplicaAt(cluster, () => node), await startReplica(cluster)];
  await untilReady(wrong, right);
  const load = keepReviewing([wrong, right], cluster);
  const ca = secretCa(cluster);
  for (const jump of [-2000 * DAY, 5000 * DAY]) {
    node += jump;
    await untilChecked(cluster, 2);
    await untilReady(wrong);
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(secretCa(cluster)).toBe(ca);
});

test.each([
  ['forward', 200 * DAY],
  ['back', -200 * DAY],
])('the clock of the cluster jumps %s: certificates follow', async (_name, jump) => {
  const cluster = await startCluster();
  const replicas = await Promise.all([startReplica(cluster), startReplica(cluster)]);
  await untilReady(...replicas);
  cluster.now += jump;
  for (const replica of replicas)
    await eventually(
      () => review(replica, cluster).catch(() => undefined),
      (leaf) => leaf !== undefined,
    );
  await untilReady(...replicas);
});

test('without the API server, a replica stays ready and renews its certificate', async () => {
  const cluster = await startCluster();
  // The clock of the node that never jumps, by which the time goes on meanwhile.
  let node = 0;
  const replica = await startReplica(cluster, { clock: new ClusterClock(Date.now, () => node) });
  await untilReady(replica);
  const before = await review(replica, cluster);
  const load = keepReviewing([replica], cluster);
  cluster.isAway = true;
  for (let day = 0; day < 60; day += 1) {
    node += DAY;
    cluster.now += DAY;
    await eventually(
      async () => (await review(replica, cluster)).validToDate.getTime() - cluster.now,
      (left) => left > 2 * DAY,
    );
  }
  const after = await review(replica, cluster);
  expect(after.fingerprint256).not.toBe(before.fingerprint256);
  await untilReady(replica);
  expect(await load.stop()).toBeGreaterThan(0);
  expect(load.failures).toEqual([]);
  expect(
    replica.log.filter(({ message }) => message === 'the certificate cannot be used').length,
  ).toBeGreaterThan(0);
  cluster.isAway = false;
  await untilChecked(cluster, 1);
});

test('six weeks of rotation in some seconds, under load: no failed review', {
  timeout: 120_000,
}, async () => {
  const cluster = await startCluster();
  cluster.put(SECOND, () => undefined);
  const replicas = await Promise.all(
    [1, 2, 3].map(() => startReplica(cluster, { checkMilliseconds: 5, caLifetime: 30 * DAY })),
  );
  await untilReady(...replicas);
  const load = keepReviewing(replicas, cluster);
  const [cas, leaves] = [new Set<string>(), new Set<string>()];
  for (let day = 0; day < 6 * 7; day += 1) {
    cluster.now += DAY;
    await untilChecked(cluster, 3);
    cas.add(secretCa(cluster) ?? '');
    leaves.add((await review(replicas[0] as Running, cluster)).fingerprint256);
    for (const bundle of cluster.bundles()) expect(readBundle(bundle).length).toBeLessThanOrEqual(2);
  }
  expect(await load.stop()).toBeGreaterThan(0);
  expect(load.failures).toEqual([]);
  // CAs of 30 days are replaced after 20, and certificates of 7 days after 5.
  expect(cas.size).toBe(3);
  expect(leaves.size).toBeGreaterThan(6);
});

test('an API server that does not answer holds up no check: certificates are renewed in time', async () => {
  const cluster = await startCluster();
  // A check may wait for a tenth of the lifetime.
  const replica = await startReplica(cluster, { certificateLifetime: 2000 });
  await untilReady(replica);
  cluster.isSilent = true;
  const requests = (): number => cluster.requests.length;
  const before = requests();
  await eventually(requests, (count) => count >= before + 12);
});

test.each<[string, string, (secret: StoredSecret) => void]>([
  [
    'another type',
    'it has the type kubernetes.io/tls;',
    (secret) => {
      secret.type = 'kubernetes.io/tls';
    },
  ],
  [
    'an owner',
    'it has an owner;',
    (secret) => {
      secret.metadata.ownerReferences = [{ kind: 'ExternalSecret' }];
    },
  ],
  [
    'further keys',
    'it has keys other than ca.crt and ca.key;',
    (secret) => {
      secret.data = { password: 'cA==' };
    },
  ],
])(
  'a Secret with %s is not touched: what runs goes on, and a new replica says what to do',
  async (_name, part, change) => {
    const cluster = await startCluster();
    const running = await startReplica(cluster);
    await untilReady(running);
    cluster.put(SECRET, change);
    const foreign = structuredClone(cluster.objects.get(SECRET));
    await untilChecked(cluster, 1);
    const started = await startReplica(cluster);
    const { status, text } = await eventually(
      () => plainGet(started.probePort, '/readyz'),
      (answer) => answer.text.includes('belongs to'),
    );
    expect(status).toBe(503);
    expect(text).toContain(`Secret injector/ca belongs to another program: ${part}`);
    expect(text).toContain('the setting ca-secret');
    await review(running, cluster);
    expect((await plainGet(running.probePort, '/readyz')).status).toBe(200);
    expect(cluster.objects.get(SECRET)).toEqual(foreign);
  },
);
