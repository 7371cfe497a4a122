import { expect, it } from 'vitest';
import { findRequestingWorkloads } from '../../../../src/cli/cluster/requesting-workloads.ts';
import { fakeApi } from './fake-api.ts';

const ASKING = { annotations: { 'secrets-injector.dev/file.x': 'arn' } };
const QUIET = { annotations: { 'secrets-injector.dev/env-mode': 'file' } };
const signal = new AbortController().signal;

interface Owner {
  readonly kind: string;
  readonly name: string;
}

const metadata = (name: string, owner?: Owner, more: object = {}) => ({
  namespace: 'shop',
  name,
  ...(owner === undefined ? {} : { ownerReferences: [{ ...owner, controller: true }] }),
  ...more,
});
const workload = (name: string, pod: object, owner?: Owner, more: object = {}) => ({
  metadata: metadata(name, owner),
  spec: { template: { metadata: pod } },
  ...more,
});
const list = (...items: readonly object[]) => ({ kind: 'answer', json: { items } }) as const;

it('finds workloads by their templates, and pods that no workload owns', async () => {
  const deployment = { kind: 'Deployment', name: 'web' };
  const rollout = { kind: 'Rollout', name: 'canary' };
  const api = fakeApi(({ path }) => {
    if (path.startsWith('/apis/apps/v1/deployments'))
      return list(workload('web', ASKING), workload('quiet', QUIET), workload('none', {}));
    if (path.startsWith('/apis/apps/v1/replicasets'))
      return list(
        workload('web-1', ASKING, deployment),
        workload('alone', ASKING),
        workload('canary-1', ASKING, rollout),
      );
    if (path.startsWith('/apis/batch/v1/cronjobs'))
      return list({
        metadata: metadata('nightly'),
        spec: { jobTemplate: { spec: { template: { metadata: ASKING } } } },
      });
    if (path.startsWith('/apis/batch/v1/jobs'))
      return list(
        workload('nightly-1', ASKING, { kind: 'CronJob', name: 'nightly' }),
        workload('done', ASKING, undefined, { status: { completionTime: '2026-01-01T00:00:00Z' } }),
        workload('running', ASKING),
      );
    if (path.startsWith('/api/v1/pods'))
      return list(
        { metadata: metadata('web-1-x', { kind: 'ReplicaSet', name: 'web-1' }, ASKING) },
        { metadata: metadata('canary-1-x', { kind: 'ReplicaSet', name: 'canary-1' }, ASKING) },
        { metadata: metadata('bare', undefined, ASKING) },
        { metadata: metadata('spark-1', { kind: 'SparkApplication', name: 'spark' }, ASKING) },
        { metadata: metadata('plain') },
      );
    return undefined;
  });
  expect(await findRequestingWorkloads(api, signal)).toEqual({
    ok: true,
    value: [
      'CronJob shop/nightly',
      'Deployment shop/web',
      'Job shop/running',
      'Pod shop/bare',
      'ReplicaSet shop/alone',
      'ReplicaSet shop/canary-1',
      'SparkApplication shop/spark',
    ],
  });
});

it('finds workloads of controllers that it does not know, also without pods', async () => {
  const revision = { kind: 'Revision', name: 'web-00001' };
  const api = fakeApi(({ path }) => {
    if (path.startsWith('/apis/apps/v1/deployments')) return list(workload('web', ASKING, revision));
    if (path.startsWith('/apis/apps/v1/replicasets'))
      return list(workload('web-1', ASKING, { kind: 'Deployment', name: 'web' }));
    return undefined;
  });
  expect(await findRequestingWorkloads(api, signal)).toEqual({ ok: true, value: ['Deployment shop/web'] });
});

it('reads every page', async () => {
  const paths: string[] = [];
  const api = fakeApi(({ path }) => {
    if (!path.startsWith('/apis/apps/v1/daemonsets')) return undefined;
    paths.push(path);
    const isFirst = !path.includes('continue=');
    const items = [workload(isFirst ? 'a' : 'b', ASKING)];
    return { kind: 'answer', json: { items, metadata: isFirst ? { continue: 'to/ken' } : {} } };
  });
  expect(await findRequestingWorkloads(api, signal)).toEqual({
    ok: true,
    value: ['DaemonSet shop/a', 'DaemonSet shop/b'],
  });
  expect(paths[1]).toContain('continue=to%2Fken');
});

it('says which list failed', async () => {
  const api = fakeApi(({ path }) =>
    path.includes('cronjobs') ? { kind: 'refused', status: 403 } : undefined,
  );
  expect(await findRequestingWorkloads(api, signal)).toEqual({
    ok: false,
    problem: 'cannot list cronjobs: status 403',
  });
});
