/** Plans from annotations, made by the webhook's own core, so that what is tested behind it is what it writes. */
import jsonpatch from 'fast-json-patch';
import { decideInjection } from '../../src/core/inject.ts';
import { formatPlan, PLAN_VARIABLE, type Plan } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import { formatProblems } from '../../src/core/problems/problems.ts';
import type { InjectionSettings } from '../../src/core/settings.ts';

const SETTINGS: InjectionSettings = {
  image: 'registry.example/aws-secrets-injector:1',
  native: { can: true, probe: true },
  sidecars: { can: true },
};

interface Patched {
  readonly spec: {
    readonly initContainers?: readonly {
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

/** The text that the fetcher gets in its variable for a pod. @returns the problems where the pod is refused */
export function planTextFor(pod: unknown): { readonly text: string } | { readonly refused: string } {
  const outcome = decideInjection(pod, { namespace: 'shop' }, SETTINGS);
  if (outcome.kind === 'denied') return { refused: formatProblems(outcome.problems) };
  if (outcome.kind !== 'injected') return { refused: outcome.kind };
  const patched = jsonpatch.applyPatch(structuredClone(pod), structuredClone([...outcome.patch]), true)
    .newDocument as Patched;
  const variables = patched.spec.initContainers?.flatMap((container) => container.env ?? []) ?? [];
  const text = variables.find(({ name }) => name === PLAN_VARIABLE)?.value;
  return text === undefined ? { refused: 'no plan' } : { text };
}

/**
 * The plan for annotations, their prefix left out, on a pod whose containers `app` and `other` have a shell in front.
 * @throws where the pod would be refused
 */
export function planFor(annotations: Readonly<Record<string, string>>): Plan {
  const asked = planTextFor({
    metadata: {
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`secrets-injector.dev/${key}`, value]),
      ),
    },
    spec: {
      containers: ['app', 'other'].map((name) => ({ name, image: name, command: ['sh', '-c', 'run'] })),
    },
  });
  if ('refused' in asked) throw new Error(asked.refused);
  const read = readPlan(asked.text);
  if (!read.ok || formatPlan(read.value.plan) !== asked.text) throw new Error('the plan does not come back');
  return read.value.plan;
}
