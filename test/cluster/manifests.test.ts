/** The manifests on an API server without a node: the objects that keep the webhook available. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../image/built-image.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api } from './product/api.ts';
import { PRODUCT_NAMESPACE } from './product/install.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined)
  process.stderr.write(`the tests of the manifests are skipped: ${unavailable}\n`);

const DEPLOYMENT = 'deployment/aws-secrets-injector';
const IN_NAMESPACE = `--namespace=${PRODUCT_NAMESPACE}`;
const WEBHOOK = '--selector=app.kubernetes.io/component=webhook';

/** As on GKE: pods with this priority class need a quota for it. */
const LIMITED_PRIORITY = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AdmissionConfiguration',
  plugins: [
    {
      name: 'ResourceQuota',
      configuration: {
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'ResourceQuotaConfiguration',
        limitedResources: [
          {
            resource: 'pods',
            matchScopes: [
              { scopeName: 'PriorityClass', operator: 'In', values: ['system-cluster-critical'] },
            ],
          },
        ],
      },
    },
  ],
};

interface WebhookPod {
  readonly spec: { readonly priority: number; readonly priorityClassName: string };
}

describe.skipIf(unavailable !== undefined)(
  'the manifests with autoscaling, where priority is limited',
  () => {
    let api: Api;
    const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-manifests-'));

    beforeAll(async () => {
      const configuration = path.join(folder, 'admission.json');
      writeFileSync(configuration, JSON.stringify(LIMITED_PRIORITY));
      api = new Api(
        await startCluster({
          level: 'control-plane',
          apiServerArguments: [`--admission-control-config-file=${configuration}`],
        }),
      );
      cpSync(path.join(ROOT, 'manifests'), path.join(folder, 'manifests'), { recursive: true });
      mkdirSync(path.join(folder, 'my-cluster'));
      writeFileSync(
        path.join(folder, 'my-cluster/kustomization.yaml'),
        JSON.stringify({
          resources: ['../manifests/base'],
          components: ['autoscaling', 'priority-class-quota'].map(
            (name) => `../manifests/components/${name}`,
          ),
        }),
      );
      await apply();
    });
    afterAll(async () => {
      await api?.cluster.stop();
      rmSync(folder, { recursive: true });
    });

    async function apply(): Promise<void> {
      await api.kubectl('apply', '--server-side', '--kustomize', path.join(folder, 'my-cluster'));
    }

    async function pods(count: number): Promise<readonly WebhookPod[]> {
      return await until(`${count} pods of the webhook`, { seconds: 120 }, async () => {
        const { items } = await api.get<{ items: WebhookPod[] }>(PRODUCT_NAMESPACE, 'pods', WEBHOOK);
        return items.length === count ? items : undefined;
      });
    }

    it('the autoscaler sets two replicas, which are admitted with the priority of the class', async () => {
      for (const { spec } of await pods(2))
        expect(spec).toMatchObject({ priorityClassName: 'system-cluster-critical', priority: 2_000_000_000 });
    });

    it('without the quota, a pod of this priority would be rejected', async () => {
      const { stderr } = await api.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'default', name: 'critical' },
        spec: {
          priorityClassName: 'system-cluster-critical',
          containers: [{ name: 'app', image: 'app' }],
        },
      });
      expect(stderr).toContain('insufficient quota to match these scopes');
    });

    it('applying the manifests again keeps the number of replicas', async () => {
      // As the autoscaler does when the CPU usage is high.
      await api.kubectl(IN_NAMESPACE, 'scale', DEPLOYMENT, '--replicas=3');
      await pods(3);
      await apply();
      const replicas = await api.kubectl(
        IN_NAMESPACE,
        'get',
        DEPLOYMENT,
        '--output=jsonpath={.spec.replicas}',
      );
      expect(replicas).toBe('3');
    });
  },
);
