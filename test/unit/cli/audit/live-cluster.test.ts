/** The objects of a cluster, as its API server lists them. */
import { expect, it } from 'vitest';
import { readCluster } from '../../../../src/cli/audit/live-cluster.ts';
import { findWorkloads } from '../../../../src/cli/audit/workloads.ts';
import type { ApiAnswer, ClusterApi } from '../../../../src/kubernetes/api-client.ts';
import { deployment, roleArn, secretArn, serviceAccount } from '../../../audit/inputs.ts';
import { runningPod } from '../../../audit/running-pod.ts';

const DB = secretArn('prod/db-AbCdEf');
const { signal } = new AbortController();

/** An API server whose lists have pages of one object. Items of lists have no kind. */
function apiWith(
  lists: Readonly<Record<string, readonly object[] | number>>,
): ClusterApi & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async ask({ path }): Promise<ApiAnswer> {
      const url = new URL(path, 'https://cluster');
      asked.push(url.pathname);
      const list = lists[url.pathname.split('/').at(-1) ?? ''] ?? [];
      if (typeof list === 'number') return { kind: 'refused', status: list };
      const at = Number(url.searchParams.get('continue') ?? 0);
      const items = list.slice(at, at + 1).map((item) => ({ ...item, kind: undefined }));
      const metadata = at + 1 < list.length ? { continue: String(at + 1) } : {};
      return { kind: 'answer', json: { items: JSON.parse(JSON.stringify(items)), metadata } };
    },
  };
}

it('finds what requests secrets, by its workload, with versions and roles', async () => {
  const api = apiWith({
    deployments: [deployment('web', [DB]), deployment('plain', [])],
    serviceaccounts: [serviceAccount('web', roleArn('web'))],
    pods: [runningPod('web', DB, '0'.repeat(32)), runningPod('web', DB, '1'.repeat(32))],
    rollouts: 404,
  });
  const { manifests, problems } = await readCluster(api, signal);
  expect(problems).toEqual([]);
  const found = findWorkloads([manifests], {
    roles: new Map(),
    injection: { image: 'registry.example/aws-secrets-injector:1' },
  });
  expect(found.problems).toEqual([]);
  expect(found.workloads.map(({ name, access }) => [name, access.role?.text])).toEqual([
    ['Deployment/shop/web', roleArn('web')],
  ]);
  expect(found.pods.map(({ workload, versions }) => [workload, ...versions.values()])).toEqual([
    ['Deployment/shop/web', '0'.repeat(32)],
    ['Deployment/shop/web', '1'.repeat(32)],
  ]);
  // Only lists, each once for every page.
  expect(api.asked.filter((path) => !path.endsWith('s'))).toEqual([]);
});

it('says what it cannot list, and reads the rest', async () => {
  const { manifests, problems } = await readCluster(
    apiWith({ deployments: [deployment('web', [DB])], pods: 403, rollouts: 403 }),
    signal,
  );
  expect(problems).toEqual(['cannot list rollouts: status 403', 'cannot list pods: status 403']);
  expect(manifests.templates).toHaveLength(1);
});
