/** How many pods a workload runs. */
import { field, integerField } from '../../core/json.ts';
import type { ManifestObject } from '../../core/pod/pod-templates.ts';

/** @returns undefined if it depends on the cluster, as for a DaemonSet */
export function podCount({ kind, content }: ManifestObject): number | undefined {
  const spec = field(content, 'spec');
  switch (kind) {
    case 'Pod':
      return 1;
    case 'DaemonSet':
      return undefined;
    case 'Job':
      return integerField(spec, 'parallelism') ?? 1;
    case 'CronJob':
      return integerField(field(field(spec, 'jobTemplate'), 'spec'), 'parallelism') ?? 1;
    default:
      return integerField(spec, 'replicas') ?? 1;
  }
}
