/** A cluster whose machines are all lost starts again from the data of etcd, and needs no hand. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../src/runtime/x509.ts';
import { ready, startFromNothing } from '../cluster/availability/lost-cluster.ts';
import { PRODUCT_NAMESPACE } from '../cluster/product/install.ts';
import { podTemplate, printFile, shell } from '../cluster/product/pods.ts';
import { putJsonSecret } from '../cluster/product/secrets.ts';
import type { Stage } from '../cluster/product/stage.ts';

const DAY = 24 * 60 * 60 * 1000;
const REGISTRATION = 'mutatingwebhookconfiguration/aws-secrets-injector';
const CA_SECRET = 'secret/aws-secrets-injector-webhook-ca';
const ASKING = ['web', 'api', 'worker'];
const REPLICAS = 2;

/** @param started a cluster whose nodes are lost afterwards */
export function clusterStart(started: () => Stage): void {
  describe('a cluster that starts with new nodes', () => {
    let stage: Stage;
    let namespace = '';

    beforeAll(async () => {
      stage = started();
      namespace = await stage.namespace();
      const { arn } = putJsonSecret(stage.aws, namespace);
      const reads = shell('app', printFile('/run/secrets/aws/db.json'), 'sleep 100000');
      for (const name of ASKING)
        await deploy(namespace, name, { 'secrets-injector.dev/file.db.json': arn }, reads);
      // Like the DNS and the network of a cluster, which must start without the webhook.
      await deploy('kube-system', 'dns', {}, shell('app', 'sleep 100000'));
      await allReady();
    });

    async function deploy(
      where: string,
      name: string,
      annotations: Readonly<Record<string, string>>,
      container: ReturnType<typeof shell>,
    ): Promise<void> {
      const template = podTemplate({ name, annotations, containers: [container] });
      await stage.mustCreate({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace: where, name },
        spec: {
          replicas: REPLICAS,
          selector: { matchLabels: { app: name } },
          template: { ...template, spec: { ...template.spec, restartPolicy: 'Always' } },
        },
      });
    }

    async function allReady(node?: string): Promise<void> {
      await ready(stage, node, 'kube-system', REPLICAS);
      await ready(stage, node, PRODUCT_NAMESPACE, 2);
      await ready(stage, node, namespace, ASKING.length * REPLICAS);
    }

    async function patch(object: string, value: object, type = 'merge'): Promise<void> {
      const args = ['patch', object, `--type=${type}`, `--patch=${JSON.stringify(value)}`];
      await stage.kubectl(`--namespace=${PRODUCT_NAMESPACE}`, ...args);
    }

    async function setBundles(pem: string): Promise<void> {
      const value = Buffer.from(pem).toString('base64');
      const bundles = [0, 1, 2, 3, 4].map((index) => ({
        op: 'replace',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value,
      }));
      await patch(REGISTRATION, bundles, 'json');
    }

    it.each([
      ['with the CA of before', async () => {}],
      [
        'with a CA that has expired meanwhile',
        async () => {
          const old = await makeAuthority({ issuedAt: Date.now() - 400 * DAY, lifetime: 365 * DAY });
          await patch(CA_SECRET, { stringData: { 'ca.crt': old.cert, 'ca.key': old.key } });
          await setBundles(old.cert);
        },
      ],
      [
        'without the Secret of the CA, and with the CA of another cluster in the registration',
        async () => {
          const other = await makeAuthority({ issuedAt: Date.now(), lifetime: 365 * DAY });
          await stage.kubectl(`--namespace=${PRODUCT_NAMESPACE}`, 'delete', CA_SECRET);
          await setBundles(other.cert);
        },
      ],
    ] as const)('%s: every pod runs again, with its secrets', async (name, between) => {
      const node = await startFromNothing(stage, between);
      const started = performance.now();
      await ready(stage, node, PRODUCT_NAMESPACE, 2);
      const webhook = (performance.now() - started) / 1000;
      await allReady(node);
      const all = (performance.now() - started) / 1000;
      const running = await stage.get<{ items: { spec: { initContainers?: { name: string }[] } }[] }>(
        namespace,
        'pods',
      );
      expect(running.items.map(({ spec }) => spec.initContainers?.[0]?.name)).toEqual(
        Array(ASKING.length * REPLICAS).fill('aws-secrets-fetch'),
      );
      process.stdout.write(
        `cluster start ${name}: webhook after ${webhook.toFixed(0)} s, all pods after ${all.toFixed(0)} s\n`,
      );
    });
  });
}
