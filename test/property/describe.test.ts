/** Descriptions of generated pods: complete, and nothing of a manifest forges a line. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeDecision, type PodDescription } from '../../src/core/advice/describe.ts';
import { formatDescriptions } from '../../src/core/advice/describe-text.ts';
import { decide } from '../../src/core/decide/decide.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { anyCharacter } from './any-character.ts';
import { hostileAnnotations, podWith, validAnnotations } from './pods.ts';

const SETTINGS = {
  image: 'injector:1',
  native: { can: true, probe: false },
  sidecars: { can: true },
} as const;
const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60) };

it('each variable and file of the plan is described for each container that receives it', () => {
  let described = 0;
  fc.assert(
    fc.property(podWith(validAnnotations), (pod) => {
      const decision = decide(pod, 'shop', SETTINGS);
      if (decision.kind !== 'inject') return;
      described += 1;
      const { plan } = decision.made;
      const description = describeDecision({ object: 'Pod/shop/a', pods: 1 }, decision);
      expect(sorted(itemsOf(description))).toEqual(sorted(itemsOfPlan(plan)));
      const text = formatDescriptions([description]);
      const items = description.containers.flatMap(({ variables, files }) => [...variables, ...files]);
      expect(items.filter(({ name }) => !text.includes(name))).toEqual([]);
      expect(description.secrets.map(({ arn }) => arn)).toEqual(plan.secrets.map(({ arn }) => arn));
      expect(new Set(description.secrets.map(({ label }) => label)).size).toBe(plan.secrets.length);
    }),
    runs,
  );
  expect(described).toBeGreaterThan(runs.numRuns / 6);
});

it('a hostile manifest adds no line and no control character', () => {
  fc.assert(
    fc.property(podWith(hostileAnnotations), fc.string({ unit: anyCharacter }), (pod, object) => {
      const description = describeDecision({ object, pods: 1 }, decide(pod, 'shop', SETTINGS));
      const text = formatDescriptions([description]);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      const [, ...branches] = text.trimEnd().split('\n');
      for (const line of branches) expect(line).toMatch(/^[│ ]*[├└]── /);
    }),
    runs,
  );
});

function sorted(texts: readonly string[]): readonly string[] {
  return texts.toSorted();
}

function itemsOf({ containers }: PodDescription): readonly string[] {
  return containers.flatMap(({ name, variables, files }) => [
    ...variables.map((one) => `${name} ${one.secret}`),
    ...files.flatMap((one) => (one.secret === undefined ? [] : [`${name} ${one.secret}`])),
  ]);
}

function itemsOfPlan({ views }: Plan): readonly string[] {
  return views.flatMap(({ receivers, env, envFrom, files, filesFrom }) =>
    [...receivers.native, ...receivers.shell, ...receivers.file].flatMap((container) =>
      [...env, ...envFrom, ...files, ...filesFrom].map(({ secret }) => `${container} ${secret}`),
    ),
  );
}
