/** Attacks on both replicas while an API server creates pods. Seconds in total: ATTACK_SECONDS, 15 by default. */
import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { startAttacker } from '../../../attack/start-attacker.ts';
import { PRODUCT_NAMESPACE } from '../install.ts';
import { pod } from '../pods.ts';
import { putJsonSecret } from '../secrets.ts';
import type { KubernetesObject, Stage } from '../stage.ts';

const ATTACKS = [
  '100 unfinished bodies of 8 MiB',
  '350 answers of 1 MiB that nobody reads',
  'nested lists of 8 MiB',
  '1,200 idle TLS connections',
  '300 idle connections on the port for probes',
];
const SECONDS = Number(process.env['ATTACK_SECONDS'] ?? 15) / ATTACKS.length;
const PODS_AT_ONCE = 10;

interface Replica {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly podIP: string;
    readonly containerStatuses: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}

export function attacks(stage: () => Stage): void {
  describe('attacks on all replicas', () => {
    let list: KubernetesObject;
    beforeAll(async () => {
      const namespace = await stage().namespace();
      const { arn } = putJsonSecret(stage().aws, `${namespace}-attack`);
      list = {
        apiVersion: 'v1',
        kind: 'List',
        metadata: {},
        items: Array.from({ length: PODS_AT_ONCE }, (_, index) =>
          pod(namespace, { name: `pod-${index}`, annotations: { 'secrets-injector.dev/file.value': arn } }),
        ),
      };
    });

    it.each(ATTACKS)('%s: every pod is created and injected, and no replica restarts', async (name) => {
      const before = await replicas(stage());
      const attackers = await Promise.all(
        before.map(({ status: { podIP: host } }) =>
          startAttacker(name, {
            host,
            source: otherAddress(host),
            port: 8443,
            probePort: 8081,
            metricsPort: 8080,
          }),
        ),
      );
      const until = performance.now() + SECONDS * 1000;
      let created = 0;
      try {
        while (created === 0 || performance.now() < until) {
          const { stdout, stderr } = await stage().create(list, '--dry-run=server', '--output=json');
          expect(stderr).toBe('');
          expect(stdout.match(/"name": "aws-secrets-fetch"/g)).toHaveLength(PODS_AT_ONCE);
          created += PODS_AT_ONCE;
        }
      } finally {
        for (const attacker of attackers) expect((await attacker.stop()).connections).toBeGreaterThan(0);
      }
      const states = (await replicas(stage())).map(({ metadata, status }) => [
        metadata.name,
        status.containerStatuses[0]?.restartCount,
      ]);
      expect(states).toEqual(
        before.map(({ metadata, status }) => [metadata.name, status.containerStatuses[0]?.restartCount]),
      );
    });
  });
}

async function replicas(stage: Stage): Promise<readonly Replica[]> {
  const { items } = await stage.get<{ items: readonly Replica[] }>(
    PRODUCT_NAMESPACE,
    'pods',
    '--selector=app.kubernetes.io/component=webhook',
    '--field-selector=status.phase=Running',
  );
  // An earlier scenario replaces a replica, which ends some seconds later.
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  expect(staying.length).toBeGreaterThanOrEqual(2);
  return staying;
}

/** An address of this machine outside the network of the pods, so that the attacker has another than the API server. */
function otherAddress(podAddress: string): string | undefined {
  const network = podAddress.split('.').slice(0, 3).join('.');
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((one) => one.family === 'IPv4' && !one.internal && !one.address.startsWith(`${network}.`))?.address;
}
