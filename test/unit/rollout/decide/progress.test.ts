import { expect, it } from 'vitest';
import { disrupts, isRolling } from '../../../../src/rollout/decide/progress.ts';
import type { Kind } from '../../../../src/rollout/decide/workload.ts';

const FIELDS = { metadata: { generation: 2 }, spec: { replicas: 2 } };
const DONE = {
  observedGeneration: 2,
  replicas: 2,
  updatedReplicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
  desiredNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberAvailable: 2,
  currentRevision: 'b',
  updateRevision: 'b',
  phase: 'Healthy',
};

it.each(['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'] as const)('%s: complete', (kind) => {
  expect(isRolling(kind, { ...FIELDS, status: DONE })).toBe(false);
});

type Fields = Readonly<Record<string, unknown>>;

it.each<{ kind: Kind; status: Fields; spec?: Fields }>([
  { kind: 'Deployment', status: { observedGeneration: 1 } },
  { kind: 'Deployment', status: { updatedReplicas: 1 } },
  { kind: 'Deployment', status: { replicas: 3 } },
  { kind: 'Deployment', status: { availableReplicas: 1 } },
  { kind: 'StatefulSet', status: { observedGeneration: 1 } },
  { kind: 'StatefulSet', status: { readyReplicas: 1 } },
  { kind: 'StatefulSet', status: { currentRevision: 'a', updatedReplicas: 1 } },
  { kind: 'DaemonSet', status: { observedGeneration: 1 } },
  { kind: 'DaemonSet', status: { updatedNumberScheduled: 1 } },
  { kind: 'DaemonSet', status: { numberAvailable: 1 } },
  { kind: 'Rollout', status: { observedGeneration: '1' } },
  { kind: 'Rollout', status: { phase: 'Progressing' } },
  { kind: 'Rollout', status: {}, spec: { restartAt: '2026-11-25T12:00:00Z' } },
])('$kind: not complete with $status $spec', ({ kind, status, spec = {} }) => {
  const object = { ...FIELDS, spec: { ...FIELDS.spec, ...spec }, status: { ...DONE, ...status } };
  expect(isRolling(kind, object)).toBe(true);
});

it('a StatefulSet is complete when the pods above its partition are updated', () => {
  const spec = { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } };
  const status = { ...DONE, currentRevision: 'a', updatedReplicas: 1 };
  expect(isRolling('StatefulSet', { ...FIELDS, spec, status })).toBe(false);
});

it.each<readonly [Kind, Readonly<Record<string, unknown>>, boolean]>([
  ['Deployment', { replicas: 1 }, false],
  ['Deployment', { replicas: 4 }, true],
  ['Deployment', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 0 } } }, false],
  ['Deployment', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: '24%' } } }, false],
  ['Deployment', { replicas: 1, strategy: { rollingUpdate: { maxUnavailable: 1 } } }, true],
  ['Deployment', { replicas: 1, strategy: { type: 'Recreate' } }, true],
  ['StatefulSet', { replicas: 1 }, true],
  ['DaemonSet', {}, true],
  ['DaemonSet', { updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }, false],
  ['Rollout', { replicas: 1 }, true],
])('%s with %o takes pods down before others are ready: %s', (kind, spec, expected) => {
  expect(disrupts(kind, { spec })).toBe(expected);
});
