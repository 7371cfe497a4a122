/** Which versions the pods of each workload were started with. */

import { versionsOfPod, workloadOfPod } from '../../core/advice/pod-versions.ts';
import { asArray, field } from '../../core/json.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { ClusterApi } from '../../kubernetes/api-client.ts';
import { pagesOf } from '../../kubernetes/lists.ts';

const MIB = 1024 * 1024;
const PODS = {
  path: '/api/v1/pods',
  query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
  accept: 'application/json',
  limit: 100,
  mostPages: 2000,
  mostBytes: 160 * MIB,
};

/** The number of pods by version, by the key of the secret. */
export type PodVersions = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The versions by workload, as `nameOf` writes it. Pods without a record are not counted. */
export async function podVersions(
  api: ClusterApi,
  signal: AbortSignal,
): Promise<Result<ReadonlyMap<string, PodVersions>, string>> {
  const found = new Map<string, Map<string, Map<string, number>>>();
  for await (const page of pagesOf(api, PODS, signal)) {
    if (page.kind !== 'answer')
      return failed(page.kind === 'refused' ? `the list of pods has status ${page.status}` : page.what);
    for (const pod of asArray(field(page.json, 'items') ?? []) ?? []) {
      const workload = workloadOfPod(pod);
      const reported = workload === undefined ? undefined : versionsOfPod(pod);
      if (workload === undefined || reported === undefined) continue;
      const byKey = found.get(workload) ?? new Map<string, Map<string, number>>();
      found.set(workload, byKey);
      for (const [key, version] of reported) {
        const counts = byKey.get(key) ?? new Map<string, number>();
        byKey.set(key, counts.set(version, (counts.get(version) ?? 0) + 1));
      }
    }
  }
  return ok(found);
}

/** Whether pods of one workload have different versions of a secret. */
export function hasDrift(versions: PodVersions): boolean {
  return [...versions.values()].some((counts) => counts.size > 1);
}
