import { expect, it } from 'vitest';
import {
  RESTARTED_AT_KEY,
  RESTARTS_KEY,
  SETTLED_KEY,
  VERSIONS_KEY,
} from '../../../src/core/names/rollout-keys.ts';
import { recordPatch, restartPatch, settlePatch } from '../../../src/rollout/writes.ts';
import { DB, NOON, version, workload } from '../../rollout/workloads.ts';

const VERSIONS = new Map([[DB, version(2)]]);
const RECORD = { [VERSIONS_KEY]: `{"${DB}":"${version(2)}"}` };
const AT = '2026-11-25T12:00:00Z';

it('a restart is that of kubectl, with the record, and removes what was settled', () => {
  const restarts = [NOON - 4_000_000, NOON - 60_000];
  expect(JSON.parse(restartPatch(workload({ restarts, resourceVersion: '7' }), VERSIONS, NOON))).toEqual({
    metadata: {
      resourceVersion: '7',
      annotations: { [SETTLED_KEY]: null, [RESTARTS_KEY]: `2026-11-25T11:59:00Z,${AT}` },
    },
    spec: { template: { metadata: { annotations: { [RESTARTED_AT_KEY]: AT, ...RECORD } } } },
  });
});

it('an Argo Rollout is restarted without a new release; with pinned versions, by one', () => {
  expect(JSON.parse(restartPatch(workload({ kind: 'Rollout' }), VERSIONS, NOON))).toEqual({
    metadata: { resourceVersion: '1', annotations: { [SETTLED_KEY]: null, [RESTARTS_KEY]: AT, ...RECORD } },
    spec: { restartAt: '2026-11-25T12:00:01Z' },
  });
  const pinned = JSON.parse(restartPatch(workload({ kind: 'Rollout', isPinned: true }), VERSIONS, NOON));
  expect(pinned.spec.template.metadata.annotations).toMatchObject(RECORD);
});

it.each([
  ['in the same second', NOON, '2026-11-25T12:00:02Z'],
  ['after the clock was set back', NOON + 30_000, '2026-11-25T12:00:32Z'],
  ['a second later', NOON - 1000, '2026-11-25T12:00:01Z'],
])('an Argo Rollout is restarted again %s, at another time', (_, last, expected) => {
  const patch = JSON.parse(restartPatch(workload({ kind: 'Rollout', restarts: [last] }), VERSIONS, NOON));
  expect(patch.spec).toEqual({ restartAt: expected });
});

it('what is settled replaces no pod, and a first record is no restart', () => {
  expect(JSON.parse(settlePatch(workload(), VERSIONS))).toEqual({
    metadata: { resourceVersion: '1', annotations: { [SETTLED_KEY]: RECORD[VERSIONS_KEY] } },
  });
  expect(JSON.parse(recordPatch(workload(), VERSIONS))).toEqual({
    metadata: { resourceVersion: '1' },
    spec: { template: { metadata: { annotations: RECORD } } },
  });
});
