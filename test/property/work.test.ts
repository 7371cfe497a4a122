/** A decision costs work linear in the size of the pod, whichever part of it grows. Work is counted, not timed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideInjection } from '../../src/core/inject.ts';
import { readPolicy } from '../../src/core/policy/read.ts';
import { GROWING } from './growth.ts';
import { WorkCounter } from './work.ts';

const SETTINGS = {
  image: 'registry.example/injector:1',
  native: { can: true, probe: true },
  sidecars: { can: true },
} as const;

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

const POLICY_RULES = Array.from({ length: 8 }, (_, rule) => ({
  name: `rule ${rule}`,
  namespaces: ['*'],
  secrets: Array.from({ length: 100 }, (_none, index) => `{namespace}*x*${index}*`),
}));

function policyOf(rules: readonly object[]) {
  const read = readPolicy(JSON.stringify({ rules }));
  if (!read.ok) throw new Error(read.problem.join('\n'));
  return read.value;
}

it('a policy, with the number of secrets and with that of patterns', async () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:';
  const workOf = (secrets: number, rules: number) => {
    const names = Array.from({ length: secrets }, (_, index) => index);
    const annotations = Object.fromEntries(
      names.map((name) => [
        `secrets-injector.dev/file.f${name}`,
        `${arn}shop${'x'.repeat(80)}${name}-AbCdEf`,
      ]),
    );
    const pod = { metadata: { annotations }, spec: { containers: [{ name: 'app', image: 'app' }] } };
    const policy = policyOf(POLICY_RULES.slice(0, rules));
    return counter.count(() => decideInjection(pod, { namespace: 'shop' }, { ...SETTINGS, policy }));
  };
  const small = await workOf(50, 1);
  expect(await workOf(400, 1)).toBeLessThanOrEqual(10 * small + CONSTANT);
  expect(await workOf(50, 8)).toBeLessThanOrEqual(10 * small + CONSTANT);
});

it('a policy with rules of other namespaces costs nothing after the first review', async () => {
  const rules = Array.from({ length: 500 }, (_, index) => ({
    name: `r${index}`,
    namespaces: [`n${index}-*`],
  }));
  const pod = {
    metadata: { annotations: { 'secrets-injector.dev/inject': 'true' } },
    spec: { containers: [] },
  };
  const policy = policyOf(rules);
  const review = () =>
    counter.count(() => decideInjection(pod, { namespace: 'shop' }, { ...SETTINGS, policy }));
  expect(await review()).toBeGreaterThan(1000);
  expect(await review()).toBeLessThan(500);
});

it('finds work that is not linear', async () => {
  const quadratic = (size: number) => {
    const names = Array.from({ length: size }, (_, index) => `n${index}`);
    return counter.count(() => names.forEach((name) => void names.includes(name)));
  };
  expect(await quadratic(4_000)).toBeGreaterThan(10 * (await quadratic(500)) + CONSTANT);
});
