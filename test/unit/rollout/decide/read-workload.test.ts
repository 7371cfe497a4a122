import { describe, expect, it } from 'vitest';
import { PREFIX } from '../../../../src/core/names/prefix.ts';
import {
  PAUSED_KEY,
  RESTART_KEY,
  RESTARTS_KEY,
  SETTLED_KEY,
  VERSIONS_KEY,
} from '../../../../src/core/names/rollout-keys.ts';
import { FIELD_MANAGER, readWorkload } from '../../../../src/rollout/decide/read-workload.ts';
import type { Kind, Workload } from '../../../../src/rollout/decide/workload.ts';
import { API, DB, NOON, version, workloadObject } from '../../../rollout/workloads.ts';

type Options = NonNullable<Parameters<typeof workloadObject>[1]>;

function read(options: Options = {}): Workload | undefined {
  return readWorkload((options.kind ?? 'Deployment') as Kind, workloadObject('web', options), NOON);
}

const RECORD = `{"${DB}":"${version(2)}"}`;

it('has the identity of the object, its secrets, and the labels and the selector of its pods', () => {
  expect(read()).toMatchObject({
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    uid: 'uid-shop-web',
    resourceVersion: '1',
    secrets: [DB],
    excluded: undefined,
    labels: { app: 'web' },
    selector: 'app=web',
    isRolling: false,
  });
});

it.each<readonly [string, Options]>([
  ['no annotations', { requests: {} }],
  ['options and aliases alone', { requests: { 'env-mode': 'file', 'secret.db': DB } }],
  ['inject: "false"', { requests: { 'file.db': DB, inject: 'false' } }],
])('is undefined for a template with %s', (_name, options) => {
  expect(read(options)).toBeUndefined();
});

it('names secrets by ARN and staging label, once, without fixed versions', () => {
  const requests = {
    'secret.db': DB,
    'env.A': 'db:user',
    'env.B': 'db:password:AWSCURRENT',
    'env.C': `${DB}:password:AWSPREVIOUS`,
    'file.d': `${API}:::${version(1)}`,
  };
  expect(read({ requests })?.secrets).toEqual([DB, `${DB}::AWSPREVIOUS`]);
});

it('reads the YAML form', () => {
  expect(read({ requests: { secrets: `- secret: ${API}\n  files: { a: {} }\n` } })?.secrets).toEqual([API]);
});

describe('with refresh', () => {
  const refresh = { refresh: '5m' };

  it('files alone need no restart', () => {
    expect(read({ requests: { 'file.db': DB, ...refresh } })).toMatchObject({
      excluded: 'refreshes',
      secrets: [],
    });
  });

  it('only secrets of variables need one', () => {
    const requests = { 'file.db': DB, 'env.KEY': API, ...refresh };
    expect(read({ requests })).toMatchObject({ excluded: undefined, secrets: [API], all: [API, DB] });
    expect(read({ requests: { ...requests, 'env-mode': 'file' } })?.excluded).toBe('refreshes');
  });

  it('a workload can opt in for all', () => {
    const options = { requests: { 'file.db': DB, ...refresh }, annotations: { [RESTART_KEY]: 'true' } };
    expect(read(options)).toMatchObject({ excluded: undefined, secrets: [DB] });
  });
});

it('reads what the user set on the workload', () => {
  expect(read({ annotations: { [RESTART_KEY]: 'false' } })?.excluded).toBe('opted-out');
  expect(read({ annotations: { [PAUSED_KEY]: 'true' } })?.isHeld).toBe(true);
  expect(read({ annotations: { [PAUSED_KEY]: 'false' } })?.isHeld).toBe(false);
  expect(read({ spec: { paused: true } })?.isPaused).toBe(true);
  expect(read({ kind: 'StatefulSet', spec: { updateStrategy: { type: 'OnDelete' } } })?.isOnDelete).toBe(
    true,
  );
  expect(read({ requests: { 'file.db': DB, 'pin-version': ' true ' } })?.isPinned).toBe(true);
});

it('reads what the controller recorded', () => {
  const times = [
    `${new Date(NOON - 60_000).toISOString()}`,
    'garbage',
    new Date(NOON + 3_700_000).toISOString(),
  ];
  const read1 = read({
    templateAnnotations: { [VERSIONS_KEY]: RECORD },
    annotations: { [SETTLED_KEY]: `{"${API}":"${version(3)}"}`, [RESTARTS_KEY]: times.join(',') },
  });
  expect(read1?.recorded).toEqual(new Map([[DB, version(2)]]));
  expect(read1?.settled).toEqual(new Map([[API, version(3)]]));
  expect(read1?.restarts).toEqual([NOON - 60_000]);
});

it('the versions of an Argo Rollout are on the workload, unless they are pinned', () => {
  const annotations = { [VERSIONS_KEY]: RECORD };
  expect(read({ kind: 'Rollout', annotations })?.recorded.size).toBe(1);
  expect(read({ kind: 'Rollout', templateAnnotations: annotations })?.recorded.size).toBe(0);
  const requests = { 'file.db': DB, 'pin-version': 'true' };
  expect(read({ kind: 'Rollout', requests, templateAnnotations: annotations })?.recorded.size).toBe(1);
});

it.each(['x', '[]', '{"a":"b"}', `{"${DB}":"short"}`, `{"${DB}":1}`])(
  'ignores versions that are not: %s',
  (text) => {
    expect(read({ templateAnnotations: { [VERSIONS_KEY]: text } })?.recorded.size).toBe(0);
  },
);

describe('the owner of an annotation', () => {
  const template = (manager: string) => ({
    manager,
    fieldsV1: {
      'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': { [`f:${VERSIONS_KEY}`]: {} } } } },
    },
  });
  const own = (manager: string) => ({
    manager,
    fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${SETTLED_KEY}`]: {} } } },
  });
  const options = (managedFields: readonly object[]): Options => ({
    templateAnnotations: { [VERSIONS_KEY]: RECORD },
    annotations: { [SETTLED_KEY]: RECORD },
    metadata: { managedFields },
  });
  // The annotations of `metadata` above are replaced by those of the test.
  const withBoth = (managedFields: readonly object[]): Workload | undefined => {
    const object = workloadObject('web', options(managedFields));
    const metadata = { ...object.metadata, annotations: { [SETTLED_KEY]: RECORD } };
    return readWorkload('Deployment', { ...object, metadata }, NOON);
  };

  it('is the controller', () => {
    const read1 = withBoth([template(FIELD_MANAGER), own(FIELD_MANAGER)]);
    expect(read1).toMatchObject({ isRecordForeign: false, settled: new Map([[DB, version(2)]]) });
  });

  it('is somebody else after a rollback', () => {
    const read1 = withBoth([template('kubectl-rollout'), own('kubectl-rollout')]);
    expect(read1).toMatchObject({ isRecordForeign: true, settled: new Map() });
  });

  it('is unknown without managed fields', () => {
    expect(withBoth([])).toMatchObject({ isRecordForeign: false, settled: new Map([[DB, version(2)]]) });
  });
});

it('a template whose annotations are wrong is read as far as possible', () => {
  expect(read({ requests: { 'file.db': DB, 'file.x': 'no reference', unknown: 'x' } })?.secrets).toEqual([
    DB,
  ]);
});

it('requests are those under the prefix', () => {
  expect(VERSIONS_KEY.startsWith(PREFIX)).toBe(false);
});
