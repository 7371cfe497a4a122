/** Where the API server has workloads. */
import type { Kind, Workload } from '../decide/workload.ts';

const GROUPS: Readonly<Record<Kind, readonly [string, string]>> = {
  Deployment: ['apps/v1', 'deployments'],
  StatefulSet: ['apps/v1', 'statefulsets'],
  DaemonSet: ['apps/v1', 'daemonsets'],
  Rollout: ['argoproj.io/v1alpha1', 'rollouts'],
};

/** `apps/v1` */
export function apiVersionOf(kind: Kind): string {
  return GROUPS[kind][0];
}

/** The list of all namespaces. */
export function listPath(kind: Kind): string {
  const [group, plural] = GROUPS[kind];
  return `/apis/${group}/${plural}`;
}

export function objectPath({ kind, namespace, name }: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  const [group, plural] = GROUPS[kind];
  return `/apis/${group}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}
