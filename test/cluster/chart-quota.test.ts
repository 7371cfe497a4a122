/** A cluster that limits critical priority classes, as GKE does: pods of the chart need the quota of the chart. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHART, helmUnavailable, NAME, provideHelm } from '../helm/helm.ts';
import { Release } from './chart/release.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api } from './product/api.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane') ?? helmUnavailable('4');
if (unavailable !== undefined) process.stderr.write(`the test of the quota is skipped: ${unavailable}\n`);

// https://kubernetes.io/docs/concepts/policy/resource-quotas/#limit-priority-class-consumption-by-default
const ADMISSION = {
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
              {
                scopeName: 'PriorityClass',
                operator: 'In',
                values: ['system-node-critical', 'system-cluster-critical'],
              },
            ],
          },
        ],
      },
    },
  ],
};

describe.skipIf(unavailable !== undefined)('a cluster that limits critical priority classes', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-quota-'));
  let api: Api;
  let release: Release;

  beforeAll(async () => {
    const file = path.join(folder, 'admission.yaml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(ADMISSION));
    api = new Api(
      await startCluster({
        level: 'control-plane',
        apiServerArguments: [`--admission-control-config-file=${file}`],
      }),
    );
    release = new Release(api, await provideHelm('4'));
    // Building Helm takes minutes.
  }, 1_800_000);
  afterAll(async () => {
    await api?.cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const events = async () =>
    await api.kubectl(`--namespace=${NAME}`, 'get', 'events', '--output=jsonpath={.items[*].message}');
  const pods = async () =>
    (await api.kubectl(`--namespace=${NAME}`, 'get', 'pods', '--output=name')).split('\n').filter(Boolean);

  it('rejects the pods of the webhook without the quota, and accepts them with it', async () => {
    await release.must('install', NAME, CHART, '--create-namespace');
    await until(
      'the rejection',
      { seconds: 60 },
      async () => (await events()).includes('insufficient quota to match these scopes') || undefined,
    );
    expect(await pods()).toEqual([]);
    await release.must('upgrade', NAME, CHART, '--set=priorityClassQuota.enabled=true');
    await api.kubectl(`--namespace=${NAME}`, 'rollout', 'restart', `deployment/${NAME}`);
    await until('both pods', { seconds: 60 }, async () => (await pods()).length >= 2 || undefined);
  });
});
