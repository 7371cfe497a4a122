import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { expect, it } from 'vitest';
import { decideReview, encodeReview } from '../../src/core/admission.ts';
import { decideInjection } from '../../src/core/inject.ts';
import { PLAN_VARIABLE } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import type { InjectionSettings } from '../../src/core/settings.ts';
import { expectAdditionsOnly } from '../golden/additions.ts';
import { reviewOf } from '../golden/cases.ts';
import { hostileAnnotations, podWith, validAnnotations } from './pods.ts';

const SETTINGS: InjectionSettings = {
  image: 'registry.example/aws-secrets-injector:1',
  sidecars: { can: true },
};
const CHANGED: InjectionSettings = {
  image: 'registry.example/aws-secrets-injector:2',
  sidecars: { can: false, why: 'the API server does not answer' },
  refreshCheck: 'value',
};
const decidePod = (pod: unknown, settings = SETTINGS) =>
  decideInjection(pod, { namespace: 'shop' }, settings);
const settings = fc.constantFrom<InjectionSettings>(
  SETTINGS,
  { ...SETTINGS, native: { can: true, probe: false } },
  { ...SETTINGS, native: { can: true, probe: true } },
);
const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 200) };

it('adds only, replays to the same pod, and adds nothing the second time', () => {
  let injected = 0;
  fc.assert(
    fc.property(podWith(validAnnotations), settings, (pod, situation) => {
      const before = JSON.stringify(pod);
      const outcome = decidePod(pod, situation);
      expect(JSON.stringify(pod)).toBe(before);
      if (outcome.kind !== 'injected') return;
      injected += 1;
      expect(outcome.patch.every((operation) => operation.op === 'add')).toBe(true);
      const patched = jsonpatch.applyPatch(
        structuredClone(pod),
        structuredClone([...outcome.patch]),
        true,
      ).newDocument;
      expectAdditionsOnly(pod, patched);
      // Also where the cluster has changed since.
      for (const later of [situation, SETTINGS, CHANGED])
        expect(decidePod(patched, later)).toMatchObject({ kind: 'unchanged', reason: 'already-injected' });
      const fetchers = (patched.spec.initContainers ?? []).filter((one) => one.name === 'aws-secrets-fetch');
      expect(fetchers).toHaveLength(1);
      const env = (fetchers[0] as unknown as { env: { name: string; value: string }[] }).env;
      expect(readPlan(env.find((entry) => entry.name === PLAN_VARIABLE)?.value)).toHaveProperty('value.plan');
    }),
    runs,
  );
  // A generator that never gets through would prove nothing.
  expect(injected).toBeGreaterThan(runs.numRuns / 5);
});

it('repairs whatever a neighbour removed', () => {
  fc.assert(
    fc.property(podWith(validAnnotations), fc.nat(), settings, (pod, pick, situation) => {
      const outcome = decidePod(pod, situation);
      if (outcome.kind !== 'injected') return;
      const ops = structuredClone([...outcome.patch]);
      const patched = jsonpatch.applyPatch(structuredClone(pod), ops, true).newDocument as unknown as {
        spec: {
          containers: {
            volumeMounts?: { name: string }[] | null;
            env?: { name: string; valueFrom?: object }[] | null;
          }[];
          initContainers: {
            name: string;
            env?: { name: string; valueFrom?: object }[] | null;
            restartPolicy?: string;
            startupProbe?: object | null;
            readinessProbe?: object | null;
          }[];
          volumes: { name: string }[];
        };
      };
      const target = patched.spec.containers[pick % patched.spec.containers.length];
      if (target?.volumeMounts)
        target.volumeMounts = target.volumeMounts.filter((mount) => !mount.name.startsWith('aws-secrets'));
      // What webhooks with older types do: one empties the source, another drops the entry.
      for (const entry of target?.env ?? [])
        if (entry.valueFrom !== undefined && pick % 3 === 0) entry.valueFrom = {};
      if (target?.env && pick % 5 === 0)
        target.env = target.env.filter((entry) => entry.valueFrom === undefined);
      const fetcher = patched.spec.initContainers.find((one) => one.name === 'aws-secrets-fetch');
      const isSidecar = fetcher?.restartPolicy === 'Always';
      if (isSidecar && pick % 3 === 0) delete fetcher.restartPolicy;
      if (isSidecar && pick % 5 === 0) delete fetcher.startupProbe;
      if (isSidecar && pick % 7 === 0) fetcher.readinessProbe = null;
      const check = patched.spec.initContainers.find((one) => one.name === 'aws-secrets-check');
      for (const entry of check?.env ?? [])
        if (entry.name === 'SECRETS_INJECTOR_PROBE' && pick % 3 === 0) entry.valueFrom = {};
      if (pick % 7 === 0)
        patched.spec.initContainers = patched.spec.initContainers.filter(
          (one) => one.name !== 'aws-secrets-check',
        );
      if (pick % 2 === 0)
        patched.spec.volumes = patched.spec.volumes.filter(
          (volume) => !volume.name.startsWith('aws-secrets'),
        );
      const again = decidePod(patched);
      if (again.kind === 'unchanged') {
        // The API server would refuse it, and no later pass comes.
        expect(JSON.stringify(patched)).not.toContain('"valueFrom":{}');
        return;
      }
      expect(again.kind).toBe('injected');
      if (again.kind !== 'injected') return;
      const repaired = jsonpatch.applyPatch(
        structuredClone(patched),
        structuredClone([...again.patch]),
        true,
      ).newDocument;
      expect(JSON.stringify(repaired)).not.toContain('"valueFrom":{}');
      expect(decidePod(repaired)).toMatchObject({ kind: 'unchanged', reason: 'already-injected' });
    }),
    runs,
  );
});

it('answers any annotations with a decision, and any answer is a valid review of the same uid', () => {
  fc.assert(
    fc.property(podWith(hostileAnnotations), fc.uuid(), (pod, uid) => {
      const decided = decideReview(JSON.parse(JSON.stringify(reviewOf(pod, 'shop', uid))), SETTINGS);
      expect(decided).toBeDefined();
      if (decided === undefined) return;
      expect(['injected', 'unchanged', 'denied']).toContain(decided.outcome.kind);
      const review = encodeReview(uid, decided.outcome, (text) => Buffer.from(text).toString('base64'));
      const { response } = JSON.parse(JSON.stringify(review)) as {
        response: {
          uid: string;
          allowed: boolean;
          patch?: string;
          patchType?: string;
          status?: { message: string };
          warnings?: string[];
        };
      };
      expect(response.uid).toBe(uid);
      expect(response.patch === undefined).toBe(response.patchType === undefined);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: no control character may reach a terminal or a log
      expect(response.status?.message ?? '').not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      for (const warning of response.warnings ?? []) expect(warning.length).toBeLessThanOrEqual(120);
    }),
    runs,
  );
});

it('decides about any JSON at all', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (body) => {
      decideReview(body, SETTINGS);
      decideReview(reviewOf(body, 'shop'), SETTINGS);
      decideReview(
        reviewOf({ metadata: { annotations: { 'secrets-injector.dev/file.x': 'arn' } }, spec: body }, 'shop'),
        SETTINGS,
      );
    }),
    runs,
  );
});

it('decides the same whatever the order of the annotations', () => {
  fc.assert(
    fc.property(podWith(validAnnotations), (pod) => {
      const reversed = structuredClone(pod);
      reversed.metadata.annotations = Object.fromEntries(
        Object.entries(pod.metadata.annotations as object).reverse(),
      );
      expect(decidePod(reversed)).toEqual(decidePod(pod));
    }),
    runs,
  );
});
