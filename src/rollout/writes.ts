/** What the controller writes to workloads: merge patches, guarded by the version of the object that was decided about. */
import { RESTARTED_AT_KEY, RESTARTS_KEY, SETTLED_KEY, VERSIONS_KEY } from '../core/names/rollout-keys.ts';
import { formatVersionMap, type VersionMap } from '../core/plan/version-map.ts';
import { isRecordedOutside, MOST_RESTARTS } from './decide/read-workload.ts';
import type { Workload } from './decide/workload.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

/** Notes versions for which the workload is not restarted. Its pods stay. */
export function settlePatch({ resourceVersion }: Workload, versions: VersionMap): string {
  const annotations = { [SETTLED_KEY]: formatVersionMap(versions) };
  return JSON.stringify({ metadata: { resourceVersion, annotations } });
}

/** Records the versions that new pods fetch. */
export function recordPatch({ resourceVersion }: Workload, versions: VersionMap): string {
  return JSON.stringify({
    metadata: { resourceVersion },
    spec: templateWith({ [VERSIONS_KEY]: formatVersionMap(versions) }),
  });
}

/**
 * Restarts a workload as `kubectl rollout restart` does, or `kubectl argo rollouts restart`, and records the versions in the
 * same request: the record is what prevents a second restart.
 * @param at milliseconds since 1970, in whole seconds
 */
export function restartPatch(workload: Workload, versions: VersionMap, at: number): string {
  const { kind, isPinned, resourceVersion, restarts } = workload;
  const record = { [VERSIONS_KEY]: formatVersionMap(versions) };
  const annotations = {
    [SETTLED_KEY]: null,
    [RESTARTS_KEY]: [...restarts.filter((one) => one > at - HOUR), at]
      .slice(-MOST_RESTARTS)
      .map(timeText)
      .join(','),
  };
  if (isRecordedOutside(kind, isPinned))
    return JSON.stringify({
      metadata: { resourceVersion, annotations: { ...annotations, ...record } },
      spec: { restartAt: timeText(argoRestartTime(workload, at)) },
    });
  return JSON.stringify({
    metadata: { resourceVersion, annotations },
    spec: templateWith({ [RESTARTED_AT_KEY]: timeText(at), ...record }),
  });
}

/**
 * Argo Rollouts replaces pods that were created before `spec.restartAt`, compares whole seconds, and does nothing if the time
 * is the one of the last restart. So the time is after the present second, and after every earlier restart.
 */
function argoRestartTime({ restarts }: Workload, at: number): number {
  return Math.max(at, (restarts.at(-1) ?? 0) + SECOND) + SECOND;
}

function templateWith(annotations: Readonly<Record<string, string>>): object {
  return { template: { metadata: { annotations } } };
}

/** As kubectl writes times. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
