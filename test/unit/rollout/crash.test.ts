/** The controller is killed before and after each of its effects, and continues from what the world shows. */
import { describe, expect, it } from 'vitest';
import { PAUSED_KEY } from '../../../src/core/names/rollout-keys.ts';
import { API, DB, workloadObject } from '../../rollout/workloads.ts';
import { type Kill, Killed, World } from '../../rollout/world.ts';

const BUDGETS = { atOnce: 2, atOncePerNamespace: 1 };
const STEPS = 12;

/** A story with two rotations, repeated and bad messages, and every kind of workload. @returns the world at its end */
async function play(kill?: Kill): Promise<World> {
  const world = new World();
  world.kill = kill;
  world.rotate(DB);
  world.rotate(API);
  world.add(workloadObject('web'));
  world.add(workloadObject('both', { requests: { 'file.db': DB, 'file.api': API } }));
  world.add(workloadObject('other', { namespace: 'other', kind: 'StatefulSet' }));
  world.add(workloadObject('daemon', { requests: { 'env.KEY': API }, kind: 'DaemonSet' }));
  world.add(workloadObject('argo', { kind: 'Rollout' }));
  world.add(workloadObject('pinned', { requests: { 'file.db': DB, 'pin-version': 'true' } }));
  world.add(workloadObject('held', { annotations: { [PAUSED_KEY]: 'true' } }));
  let controller = world.controller(BUDGETS);
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step += 1) {
      try {
        await controller.take(world.messages);
        await controller.pass();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        controller = world.controller(BUDGETS);
      }
      expect(world.rolling.length).toBeLessThanOrEqual(BUDGETS.atOnce);
      if (step % 2 === 1) world.completeRollouts();
      world.now += 60_000;
    }
  };
  await steps(3);
  world.rotate(DB);
  world.announce(DB);
  world.send('not JSON');
  await steps(STEPS);
  world.rotate(API);
  world.announce(API);
  world.announce(API);
  world.rotate(DB);
  world.announce(DB);
  await steps(STEPS);
  return world;
}

/** How often each workload was restarted, with which versions, in order. */
function restarts(world: World): Readonly<Record<string, readonly string[]>> {
  const names = world.workloads().map(({ name }) => name);
  return Object.fromEntries(
    names.map((name) => [
      name,
      world.restarted.filter((one) => one.name === name).map(({ versions }) => versions),
    ]),
  );
}

const reference = await play();

describe('without a crash', () => {
  it('every workload is restarted once for each change, and changes that come together cause one restart', () => {
    const counts = Object.entries(restarts(reference)).map(([name, list]) => [name, list.length]);
    expect(Object.fromEntries(counts)).toEqual({
      web: 2,
      both: 2,
      other: 2,
      daemon: 1,
      argo: 2,
      pinned: 2,
      held: 0,
    });
    expect(reference.recorded.map(({ name }) => name)).toEqual(['pinned']);
    expect(reference.messages).toEqual([]);
  });
});

describe('killed', () => {
  const kills = Array.from({ length: reference.effects }, (_, index) => index + 1).flatMap((effect) =>
    (['before', 'after'] as const).map((when) => ({ effect, when })),
  );

  it('at each of many effects', () => {
    expect(kills.length).toBeGreaterThan(100);
  });

  it.each(kills)('$when effect $effect: nothing is lost, and nothing happens twice', async (kill) => {
    const world = await play(kill);
    expect(restarts(world)).toEqual(restarts(reference));
    expect(world.recorded.map(({ name, versions }) => [name, versions])).toEqual(
      reference.recorded.map(({ name, versions }) => [name, versions]),
    );
    expect(world.messages).toEqual([]);
    // Every decision was told, if need be again.
    const told = ({ notes }: World) =>
      new Set(notes.map(({ name, note }) => `${name} ${note.reason} ${note.text}`));
    for (const one of told(reference))
      if (one.includes(' SecretRestart ')) expect(told(world)).toContain(one);
  });
});
