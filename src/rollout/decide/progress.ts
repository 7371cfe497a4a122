/** Whether the pods of a workload are being replaced, and whether replacing them takes pods down. */
import { field, integerField, textField } from '../../core/json.ts';
import type { Kind } from './workload.ts';

/** Whether an object's controller has not yet replaced all of its pods, or they are not available yet. */
export function isRolling(kind: Kind, object: unknown): boolean {
  const [spec, status] = [field(object, 'spec'), field(object, 'status')];
  const count = (name: string) => integerField(status, name) ?? 0;
  const generation = integerField(field(object, 'metadata'), 'generation') ?? 0;
  // Argo Rollouts writes a text.
  const observed = Number(field(status, 'observedGeneration') ?? 0);
  const wanted = integerField(spec, 'replicas') ?? 1;
  switch (kind) {
    case 'Deployment':
      return (
        observed < generation ||
        count('updatedReplicas') < wanted ||
        count('replicas') > count('updatedReplicas') ||
        count('availableReplicas') < count('updatedReplicas')
      );
    case 'StatefulSet': {
      const partition = integerField(field(field(spec, 'updateStrategy'), 'rollingUpdate'), 'partition') ?? 0;
      return (
        observed < generation ||
        count('readyReplicas') < wanted ||
        (textField(status, 'currentRevision') !== textField(status, 'updateRevision') &&
          count('updatedReplicas') < wanted - partition)
      );
    }
    case 'DaemonSet':
      return (
        observed < generation ||
        count('updatedNumberScheduled') < count('desiredNumberScheduled') ||
        count('numberAvailable') < count('desiredNumberScheduled')
      );
    case 'Rollout': {
      const restart = textField(spec, 'restartAt');
      const isRestarting = restart !== undefined && textField(status, 'restartedAt') !== restart;
      return observed < generation || isRestarting || (textField(status, 'phase') ?? 'Healthy') !== 'Healthy';
    }
  }
}

/** Whether a restart takes pods down before their successors are ready. */
export function disrupts(kind: Kind, object: unknown): boolean {
  const spec = field(object, 'spec');
  if (kind === 'DaemonSet') {
    const most = field(field(field(spec, 'updateStrategy'), 'rollingUpdate'), 'maxUnavailable');
    return rounded(most, 100, 'up', 1) > 0;
  }
  // Argo Rollouts evicts pods one after the other.
  if (kind !== 'Deployment') return true;
  const strategy = field(spec, 'strategy');
  if (textField(strategy, 'type') === 'Recreate') return true;
  const replicas = integerField(spec, 'replicas') ?? 1;
  const most = field(field(strategy, 'rollingUpdate'), 'maxUnavailable');
  return rounded(most ?? '25%', replicas, 'down', 0) > 0;
}

/** A number, or a percentage of a total. */
function rounded(value: unknown, total: number, direction: 'up' | 'down', fallback: number): number {
  if (typeof value === 'number') return value;
  const [, percent] = /^(\d{1,3})%$/.exec(String(value)) ?? [];
  if (percent === undefined) return fallback;
  const share = (Number(percent) * total) / 100;
  return direction === 'up' ? Math.ceil(share) : Math.floor(share);
}
