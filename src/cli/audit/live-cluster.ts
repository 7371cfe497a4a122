/** The workloads, service accounts and pods of a cluster that concern an audit. */
import { requestsSecrets } from '../../core/annotations/annotations.ts';
import { asArray, asObject, field, textField } from '../../core/json.ts';
import { podTemplates } from '../../core/pod/pod-templates.ts';
import type { ClusterApi } from '../../kubernetes/api-client.ts';
import { pagesOf } from '../../kubernetes/lists.ts';
import { type NamedManifests, rolesIn } from '../manifests/read-manifests.ts';

interface Source {
  readonly kind: string;
  readonly path: string;
  /** Whether a cluster can lack it. */
  readonly isOptional?: true;
}

const SOURCES: readonly Source[] = [
  { kind: 'ServiceAccount', path: '/api/v1/serviceaccounts' },
  { kind: 'Deployment', path: '/apis/apps/v1/deployments' },
  { kind: 'StatefulSet', path: '/apis/apps/v1/statefulsets' },
  { kind: 'DaemonSet', path: '/apis/apps/v1/daemonsets' },
  { kind: 'CronJob', path: '/apis/batch/v1/cronjobs' },
  { kind: 'Job', path: '/apis/batch/v1/jobs' },
  { kind: 'Rollout', path: '/apis/argoproj.io/v1alpha1/rollouts', isOptional: true },
  { kind: 'Pod', path: '/api/v1/pods' },
];

/** The resources that are listed, and nothing else. */
export const LISTS: readonly string[] = SOURCES.map(({ path }) => path.split('/').at(-1) ?? '');

const MIB = 1024 * 1024;
/** An object has at most 1.5 MiB in etcd. */
const PAGES = { accept: 'application/json', limit: 40, mostPages: 5000, mostBytes: 64 * MIB };

export interface LiveCluster {
  readonly manifests: NamedManifests;
  /** A line each, for what could not be listed. */
  readonly problems: readonly string[];
}

/** Lists the objects, and keeps those that request secrets. */
export async function readCluster(api: ClusterApi, signal: AbortSignal): Promise<LiveCluster> {
  const problems: string[] = [];
  const items: object[] = [];
  for (const { kind, path, isOptional } of SOURCES)
    for await (const page of pagesOf(api, { path, ...PAGES }, signal)) {
      if (page.kind === 'refused' && page.status === 404 && isOptional === true) break;
      if (page.kind !== 'answer') {
        const why = page.kind === 'refused' ? `status ${page.status}` : page.what;
        problems.push(`cannot list ${path.split('/').at(-1)}: ${why}`);
        break;
      }
      // The API server leaves the kind out of the items of lists.
      for (const item of asArray(field(page.json, 'items')) ?? [])
        if (concerns(kind, item)) items.push({ ...asObject(item), kind });
    }
  const list = { kind: 'List', items };
  const templates = podTemplates(list, 'default');
  const manifests = {
    name: 'cluster',
    templates,
    places: new Map(),
    events: [],
    ...rolesIn(list, 'default'),
  };
  return { manifests, problems };
}

function concerns(kind: string, item: unknown): boolean {
  if (kind === 'ServiceAccount') return true;
  if (kind === 'Job' && textField(field(item, 'status'), 'completionTime') !== undefined) return false;
  return podTemplates({ ...asObject(item), kind }, 'default').some(({ pod }) =>
    requestsSecrets(field(field(pod, 'metadata'), 'annotations')),
  );
}
