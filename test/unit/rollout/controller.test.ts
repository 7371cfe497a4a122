import { describe, expect, it } from 'vitest';
import { SETTLED_KEY, VERSIONS_KEY } from '../../../src/core/names/rollout-keys.ts';
import type { Controller } from '../../../src/rollout/controller.ts';
import { API, DB, version, workloadObject } from '../../rollout/workloads.ts';
import { World } from '../../rollout/world.ts';

const HOUR = 3_600_000;

/** A world with a workload that is known, and a controller that has passed once. */
async function started(
  options: Parameters<World['controller']>[1] = {},
): Promise<{ world: World; controller: Controller }> {
  const world = new World();
  world.rotate(DB);
  world.rotate(API);
  world.add(workloadObject('web'));
  const controller = world.controller({}, options);
  await controller.pass();
  return { world, controller };
}

function names(world: World): readonly string[] {
  return world.restarted.map(({ name }) => name);
}

describe('messages', () => {
  it('of a change lead to a restart, without waiting for the next request for versions', async () => {
    const { world, controller } = await started();
    world.rotate(DB);
    await controller.pass();
    expect(names(world)).toEqual([]);
    world.announce(DB);
    await controller.take(world.messages);
    await controller.pass();
    expect(names(world)).toEqual(['web']);
    expect(world.messages).toEqual([]);
  });

  it('that are repeated cost no request and no restart', async () => {
    const { world, controller } = await started();
    world.rotate(DB);
    world.announce(DB);
    world.announce(DB);
    await controller.take(world.messages);
    await controller.pass();
    world.announce(DB);
    const requests = world.described.length;
    await controller.take(world.messages);
    await controller.pass();
    expect(world.results).toEqual(['change', 'change', 'known']);
    expect(world.described.length).toBe(requests);
    expect(names(world)).toEqual(['web']);
    expect(world.messages).toEqual([]);
  });

  it('with an old version change nothing, whatever their order', async () => {
    const { world, controller } = await started();
    const old = world.current(DB);
    world.rotate(DB);
    world.announce(DB);
    await controller.take(world.messages);
    await controller.pass();
    world.announce(DB, { detail: { labelUpdated: 'AWSCURRENT', versionId: old } });
    await controller.take(world.messages);
    await controller.pass();
    expect(names(world)).toEqual(['web']);
    expect(world.messages).toEqual([]);
  });

  it('that are no hints are counted and deleted', async () => {
    const { world, controller } = await started();
    world.send('not JSON');
    world.send('{"hello":1}');
    world.announce(API);
    world.announce(DB, { account: '999900001111' });
    world.announce(DB, { time: '2019-01-01T00:00:00Z' });
    world.announce(DB, { detail: { labelUpdated: 'AWSPENDING', versionId: version(9) } });
    await controller.take(world.messages);
    expect(world.results).toEqual([
      'not-json',
      'not-an-event',
      'not-requested',
      'other-account',
      'stale',
      'not-requested',
    ]);
    expect(world.messages).toEqual([]);
  });

  it('stay while Secrets Manager does not answer', async () => {
    const world = new World();
    world.add(workloadObject('web', { annotations: { [SETTLED_KEY]: `{"${DB}":"${version(7)}"}` } }));
    world.rotate(DB);
    world.announce(DB);
    world.isUnavailable = true;
    const controller = world.controller();
    await controller.take(world.messages);
    await controller.pass();
    expect(world.messages).toHaveLength(1);
    world.isUnavailable = false;
    world.now += HOUR;
    await controller.pass();
    expect(world.messages).toEqual([]);
    expect(names(world)).toEqual(['web']);
  });

  it('stay until every workload has something to compare the version with', async () => {
    const { world, controller } = await started();
    world.add(workloadObject('other'));
    world.obstacles.set('other', 'denied');
    world.announce(DB);
    await controller.take(world.messages);
    await controller.pass();
    expect(world.messages).toHaveLength(1);
    world.obstacles.clear();
    world.now += 31_000;
    await controller.pass();
    expect(world.messages).toEqual([]);
  });

  it('of a secret without its suffix in the annotation are recognized', async () => {
    const { world, controller } = await started();
    const partial = DB.slice(0, -'-AbCdEf'.length);
    world.rotate(partial);
    world.add(workloadObject('partial', { requests: { 'file.db': partial } }));
    await controller.pass();
    world.rotate(partial);
    world.rotate(DB);
    world.announce(DB);
    await controller.take(world.messages);
    await controller.pass();
    expect(names(world).toSorted()).toEqual(['partial', 'web']);
  });
});

describe('a new workload', () => {
  it('settles for the version that its pods report, so that pods from before a change are restarted', async () => {
    const world = new World();
    const before = world.rotate(DB);
    world.rotate(DB);
    world.delivered.set('web', [new Map([[DB, before]])]);
    world.add(workloadObject('web'));
    const controller = world.controller();
    await controller.pass();
    expect(names(world)).toEqual([]);
    await controller.pass();
    expect(names(world)).toEqual(['web']);
  });

  it('settles for the current version if pods report it, or nothing', async () => {
    const { world, controller } = await started();
    world.delivered.set('other', [new Map([[DB, world.current(DB) ?? '']])]);
    world.add(workloadObject('other'));
    for (let pass = 0; pass < 3; pass += 1) await controller.pass();
    expect(names(world)).toEqual([]);
  });
});

it('without a queue, requests at intervals find changes', async () => {
  const { world, controller } = await started();
  world.rotate(DB);
  world.now += HOUR;
  await controller.pass();
  expect(names(world)).toEqual(['web']);
});

it('a secret that does not exist any more restarts nothing, and its messages are done', async () => {
  const { world, controller } = await started();
  world.rotate(DB);
  world.announce(DB);
  world.forget(DB);
  await controller.take(world.messages);
  await controller.pass();
  expect(names(world)).toEqual([]);
  expect(world.messages).toEqual([]);
});

it.each(['denied', 'rejected', 'unknown', 'conflict', 'gone'] as const)(
  'a write that ends with %s is tried again, and other workloads are restarted',
  async (result) => {
    const { world, controller } = await started();
    world.add(workloadObject('other'));
    await controller.pass();
    world.rotate(DB);
    world.announce(DB);
    world.obstacles.set('other', result);
    await controller.take(world.messages);
    await controller.pass();
    expect(names(world)).toEqual(['web']);
    world.obstacles.clear();
    await controller.pass();
    // A write that is not allowed is not repeated at once.
    const isAtOnce = result === 'conflict' || result === 'gone';
    expect(names(world)).toEqual(isAtOnce ? ['web', 'other'] : ['web']);
    world.now += 31_000;
    await controller.pass();
    expect(names(world)).toEqual(['web', 'other']);
  },
);

it('a workload that is deleted between decision and restart is not missed', async () => {
  const { world, controller } = await started();
  world.rotate(DB);
  world.announce(DB);
  await controller.take(world.messages);
  world.obstacles.set('web', 'gone');
  world.kill = undefined;
  await controller.pass();
  world.delete('web');
  await controller.pass();
  expect(names(world)).toEqual([]);
  expect(world.messages).toEqual([]);
});

it('a dry run tells each decision once and writes nothing', async () => {
  const { world, controller } = await started({ isDryRun: true });
  const before = JSON.stringify(world.object('web'));
  world.rotate(DB);
  world.announce(DB);
  await controller.take(world.messages);
  for (let pass = 0; pass < 3; pass += 1) await controller.pass();
  expect(JSON.stringify(world.object('web'))).toBe(before);
  expect(world.notes.map(({ note }) => note.reason)).toEqual(['SecretRestartDryRun']);
  world.rotate(DB);
  world.announce(DB);
  await controller.take(world.messages);
  await controller.pass();
  expect(world.notes).toHaveLength(2);
});

it('a reason to wait is told once, and again when it changes', async () => {
  const { world, controller } = await started();
  world.change('web', { spec: { paused: true } });
  world.completeRollouts();
  world.rotate(DB);
  world.announce(DB);
  await controller.take(world.messages);
  await controller.pass();
  await controller.pass();
  expect(world.notes).toHaveLength(1);
  expect(world.notes[0]?.note.text).toMatch(/resumed.*shop\/db has version/);
  world.change('web', { spec: { paused: false } });
  await controller.pass();
  expect(world.notes.map(({ note }) => note.reason)).toEqual([
    'SecretRestartWaiting',
    'SecretRestartWaiting',
  ]);
  world.completeRollouts();
  await controller.pass();
  expect(names(world)).toEqual(['web']);
});

it('an update of the template by somebody else keeps the record', async () => {
  const { world, controller } = await started();
  world.rotate(DB);
  world.announce(DB);
  await controller.take(world.messages);
  await controller.pass();
  world.completeRollouts();
  world.change('web', { spec: { template: { spec: { containers: [] } } } });
  world.completeRollouts();
  await controller.pass();
  expect(names(world)).toEqual(['web']);
  expect(JSON.stringify(world.object('web'))).toContain(VERSIONS_KEY);
});
