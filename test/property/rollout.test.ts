/** Any course of rotations, rollouts and crashes: nothing is restarted twice, nothing is lost, and no budget is exceeded. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { API, DB, workloadObject } from '../rollout/workloads.ts';
import { Killed, World } from '../rollout/world.ts';

const HOUR = 3_600_000;
const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'] as const;

const course = fc.record({
  workloads: fc.array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      namespace: fc.constantFrom('shop', 'web'),
      requests: fc.constantFrom({ 'file.db': DB }, { 'env.A': API }, { 'file.db': DB, 'env.A': API }),
      isPinned: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  budgets: fc.record({
    atOnce: fc.integer({ min: 1, max: 3 }),
    atOncePerNamespace: fc.integer({ min: 1, max: 2 }),
    perHour: fc.integer({ min: 1, max: 6 }),
    perHourPerNamespace: fc.integer({ min: 1, max: 4 }),
    stuckAfter: fc.constant(30 * 24 * HOUR),
    delay: fc.constantFrom(0, 60_000),
  }),
  steps: fc.array(
    fc.record({
      rotate: fc.option(fc.constantFrom(DB, API), { nil: undefined }),
      announces: fc.integer({ min: 0, max: 2 }),
      completes: fc.boolean(),
      minutes: fc.integer({ min: 0, max: 40 }),
      /** Kills the process at this effect of the step. */
      dies: fc.option(
        fc.record({ after: fc.integer({ min: 1, max: 12 }), when: fc.constantFrom('before', 'after') }),
        {
          nil: undefined,
        },
      ),
    }),
    { maxLength: 25 },
  ),
});

it('holds', async () => {
  await fc.assert(
    fc.asyncProperty(course, async ({ workloads, budgets, steps }) => {
      const world = new World();
      world.rotate(DB);
      world.rotate(API);
      for (const [index, { requests, isPinned, ...options }] of workloads.entries())
        world.add(
          workloadObject(`w${index}`, {
            ...options,
            requests: { ...requests, ...(isPinned ? { 'pin-version': 'true' } : {}) },
          }),
        );
      let controller = world.controller(budgets);
      const pass = async (): Promise<void> => {
        try {
          await controller.take(world.messages);
          await controller.pass();
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          controller = world.controller(budgets);
        }
        // The first record of a pinned version starts pods as well.
        const rolling = world.workloads().filter((one) => one.isRolling && one.restarts.length > 0);
        expect(rolling.length).toBeLessThanOrEqual(budgets.atOnce);
        for (const namespace of ['shop', 'web']) {
          const here = rolling.filter((one) => one.namespace === namespace).length;
          expect(here).toBeLessThanOrEqual(budgets.atOncePerNamespace);
        }
        const names = new Map(world.workloads().map((one) => [one.name, one.namespace]));
        const inHour = world.restarted.filter(({ at }) => at > world.now - HOUR);
        expect(inHour.length).toBeLessThanOrEqual(budgets.perHour);
        for (const namespace of ['shop', 'web'])
          expect(inHour.filter(({ name }) => names.get(name) === namespace).length).toBeLessThanOrEqual(
            budgets.perHourPerNamespace,
          );
      };
      await pass();
      for (const { rotate, announces, completes, minutes, dies } of steps) {
        if (rotate !== undefined) world.rotate(rotate);
        for (let count = 0; count < announces; count += 1) world.announce(rotate ?? DB);
        world.kill =
          dies === undefined
            ? undefined
            : { effect: world.effects + dies.after, when: dies.when as 'before' | 'after' };
        await pass();
        if (completes) world.completeRollouts();
        world.now += minutes * 60_000;
      }
      world.kill = undefined;
      // In the end, every workload has the current versions. A pause of two hours ends all waiting, and is long enough to ask again.
      for (let round = 0; round < 4 * workloads.length + 4; round += 1) {
        world.completeRollouts();
        world.now += 2 * HOUR;
        await pass();
      }
      for (const one of world.workloads())
        for (const key of one.secrets) {
          const known = one.recorded.get(key) ?? one.settled.get(key);
          expect(`${one.name} ${known}`).toBe(`${one.name} ${world.current(key)}`);
        }
      expect(world.messages).toEqual([]);
      // No version twice in a row, for any workload.
      for (const { name } of world.workloads()) {
        const versions = world.restarted.filter((one) => one.name === name).map((one) => one.versions);
        for (const [index, text] of versions.entries()) expect(text).not.toBe(versions[index - 1]);
      }
    }),
    { numRuns: 60 },
  );
});
