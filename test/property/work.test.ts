/** A decision costs work linear in the size of the pod, whichever part of it grows. Work is counted, not timed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideInjection } from '../../src/core/inject.ts';
import { GROWING } from './growth.ts';
import { WorkCounter } from './work.ts';

const SETTINGS = { image: 'registry.example/injector:1', native: { can: true, probe: true } } as const;

let counter: WorkCounter;
beforeAll(async () => {
  counter = await WorkCounter.start();
});
afterAll(() => counter.stop());

/** Work that does not depend on the size. */
const CONSTANT = 20_000;

it.each(Object.entries(GROWING))('%s', async (_part, [largest, make]) => {
  const workAt = (size: number) => {
    // As the API server sends it: parsed from text, so that no two parts share an object.
    const pod: unknown = JSON.parse(JSON.stringify(make(size)));
    return counter.count(() => decideInjection(pod, { namespace: 'shop' }, SETTINGS));
  };
  const small = await workAt(Math.floor(largest / 8));
  const large = await workAt(largest);
  expect(large).toBeLessThanOrEqual(10 * small + CONSTANT);
});

it('finds work that is not linear', async () => {
  const quadratic = (size: number) => {
    const names = Array.from({ length: size }, (_, index) => `n${index}`);
    return counter.count(() => names.forEach((name) => void names.includes(name)));
  };
  expect(await quadratic(4_000)).toBeGreaterThan(10 * (await quadratic(500)) + CONSTANT);
});
