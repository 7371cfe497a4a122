import { expect, it } from 'vitest';
import { FETCHER_NAME } from '../../../src/core/additions/injected-objects.ts';
import { versionsOfPod, workloadOfPod } from '../../../src/core/advice/pod-versions.ts';
import { VERSIONS_KEY } from '../../../src/core/names/rollout-keys.ts';
import { formatPlan, PLAN_VARIABLE, type Plan } from '../../../src/core/plan/plan.ts';
import { formatVersions } from '../../../src/core/plan/versions.ts';
import type { ApiAnswer, ApiQuestion, ClusterApi } from '../../../src/kubernetes/api-client.ts';
import { hasDrift, podVersions } from '../../../src/rollout/cluster/drift.ts';
import { findStatus, formatStatus } from '../../../src/rollout/status.ts';
import { API, DB, version, workloadObject } from '../../rollout/workloads.ts';

const { signal } = new AbortController();

const PLAN: Plan = {
  version: 1,
  timeoutSeconds: 60,
  secrets: [{ arn: DB }, { arn: API, stage: 'AWSPREVIOUS' }],
  views: [
    {
      volume: 'aws-secrets',
      receivers: { native: [], shell: [], file: ['app'] },
      fileMode: '0400',
      format: 'shell',
      env: [],
      envFrom: [],
      files: [{ path: 'a', secret: 0 }],
      filesFrom: [],
      declared: [],
    },
  ],
};

/** A pod of a Deployment that reports versions. */
function pod(workload: string, ids: readonly (string | undefined)[], changes: object = {}): object {
  const message = formatVersions(
    ids.map((id) => (id === undefined ? undefined : { id })),
    4096,
  );
  return {
    metadata: {
      namespace: 'shop',
      name: `${workload}-x`,
      labels: { 'pod-template-hash': 'abc12' },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${workload}-abc12`, controller: true }],
      ...changes,
    },
    spec: {
      initContainers: [{ name: FETCHER_NAME, env: [{ name: PLAN_VARIABLE, value: formatPlan(PLAN) }] }],
    },
    status: {
      initContainerStatuses: [{ name: FETCHER_NAME, state: { terminated: { exitCode: 0, message } } }],
    },
  };
}

function apiWith(lists: Readonly<Record<string, readonly object[] | number>>): ClusterApi {
  return {
    async ask({ path }: ApiQuestion): Promise<ApiAnswer> {
      const list = lists[path.split('?')[0]?.split('/').at(-1) ?? ''] ?? [];
      return typeof list === 'number'
        ? { kind: 'refused', status: list }
        : { kind: 'answer', json: { metadata: {}, items: list } };
    },
  };
}

it('a pod reports the versions of its plan by the key of each secret', () => {
  expect(versionsOfPod(pod('web', [version(1), version(2)]))).toEqual(
    new Map([
      [DB, version(1)],
      [`${API}::AWSPREVIOUS`, version(2)],
    ]),
  );
  expect(versionsOfPod(pod('web', [undefined, version(2)]))?.size).toBe(1);
});

it.each([
  ['no status', { status: {} }],
  ['no plan', { spec: {} }],
  ['a deletion in progress', { metadata: { deletionTimestamp: '2026-11-25T12:00:00Z' } }],
  [
    'another message',
    { status: { initContainerStatuses: [{ name: FETCHER_NAME, state: { terminated: { message: 'x' } } }] } },
  ],
])('a pod with %s reports nothing', (_what, changes) => {
  expect(versionsOfPod({ ...pod('web', [version(1)]), ...changes })).toBeUndefined();
});

it.each<readonly [object, string | undefined]>([
  [{}, 'Deployment shop/web'],
  [{ labels: { 'rollouts-pod-template-hash': 'abc12' } }, 'Rollout shop/web'],
  [{ ownerReferences: [{ kind: 'StatefulSet', name: 'db', controller: true }] }, 'StatefulSet shop/db'],
  [{ ownerReferences: [{ kind: 'DaemonSet', name: 'agent', controller: true }] }, 'DaemonSet shop/agent'],
  [{ ownerReferences: [{ kind: 'Job', name: 'x', controller: true }] }, undefined],
  [{ ownerReferences: [] }, undefined],
  [{ labels: {} }, undefined],
])('the workload of a pod: %j', (changes, expected) => {
  expect(workloadOfPod(pod('web', [version(1)], changes))).toBe(expected);
});

it('pods of one workload with different versions are a drift', async () => {
  const pods = [
    pod('web', [version(1)]),
    pod('web', [version(2)]),
    pod('api', [version(1)]),
    pod('api', [version(1)]),
  ];
  const found = await podVersions(apiWith({ pods }), signal);
  if (!found.ok) throw new Error(found.problem);
  const drifting = [...found.value].filter(([, versions]) => hasDrift(versions)).map(([name]) => name);
  expect(drifting).toEqual(['Deployment shop/web']);
});

it('the status lists workloads, what they record and what their pods report', async () => {
  const deployments = [
    workloadObject('web', { templateAnnotations: { [VERSIONS_KEY]: `{"${DB}":"${version(2)}"}` } }),
    workloadObject('api', { status: { updatedReplicas: 0 } }),
    workloadObject('none', { requests: {} }),
    workloadObject('far', { namespace: 'other' }),
  ];
  const pods = [pod('web', [version(1)]), pod('web', [version(2)])];
  const api = apiWith({ deployments, pods, rollouts: 404 });
  const found = await findStatus(api, 'shop', signal);
  if (!found.ok) throw new Error(found.problem);
  expect(formatStatus(found.value)).toBe(`\
WORKLOAD             SECRET   RECORDED  PODS                        STATE
Deployment shop/api  shop/db  -         -                           rolling
Deployment shop/web  shop/db  00000000  00000000 × 1, 00000000 × 1  drift

2 workloads, 1 with pods of different versions
`);
});

it('says what cannot be listed', async () => {
  expect(await findStatus(apiWith({ pods: 403 }), undefined, signal)).toEqual({
    ok: false,
    problem: 'the list of pods has status 403',
  });
  expect(await findStatus(apiWith({ statefulsets: 403 }), undefined, signal)).toEqual({
    ok: false,
    problem: 'the list of StatefulSets has status 403',
  });
});
