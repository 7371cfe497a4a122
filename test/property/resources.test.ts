import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decideInjection } from '../../src/core/inject.ts';
import { parseQuantity } from '../../src/core/pod/quantity.ts';

const PREFIX = 'secrets-injector.dev/';
const cpu = fc.constantFrom('none', '0', '1m', '50m', '100m', '0.25', '999m', '1', '2', '64');
const memory = fc.constantFrom('none', '0', '1', '1000', '64Mi', '128Mi', '129M', '1Gi', '1e9', '2Ti');
const written = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const pair = <T>(value: fc.Arbitrary<T>) => fc.record({ request: written(value), limit: written(value) });
const resources = fc.record({ cpu: pair(cpu), memory: pair(memory) });

type Written = { readonly request: string | undefined; readonly limit: string | undefined };

const isAbove = ({ request, limit }: Written) =>
  (parseQuantity(request) ?? 0) > (parseQuantity(limit) ?? Number.POSITIVE_INFINITY);

const situations = fc.record({
  ofPod: resources,
  ofOperator: resources,
  ofApp: resources,
  isPodLevel: fc.boolean(),
  refresh: written(fc.constant('5m')),
});

it('never injects a container whose request is above its limit, and refuses only what is written so', () => {
  fc.assert(
    fc.property(situations, ({ ofPod, ofOperator, ofApp, isPodLevel, refresh }) => {
      const { requests, limits } = toFields(ofApp);
      const pod = {
        metadata: {
          annotations: withoutUndefined({
            [`${PREFIX}file.db`]: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf',
            [`${PREFIX}refresh`]: refresh,
            [`${PREFIX}cpu-request`]: ofPod.cpu.request,
            [`${PREFIX}cpu-limit`]: ofPod.cpu.limit,
            [`${PREFIX}memory-request`]: ofPod.memory.request,
            [`${PREFIX}memory-limit`]: ofPod.memory.limit,
          }),
        },
        spec: {
          containers: [{ name: 'app', resources: { requests, limits } }],
          ...(isPodLevel ? { resources: { limits: { cpu: '1' } } } : {}),
        },
      };
      const defaults = withoutUndefined({
        cpuRequest: ofOperator.cpu.request,
        cpuLimit: ofOperator.cpu.limit,
        memoryRequest: ofOperator.memory.request,
        memoryLimit: ofOperator.memory.limit,
      });
      const outcome = decideInjection(
        pod,
        { namespace: 'shop' },
        { image: 'r.example/i:1', resources: defaults, sidecars: { can: true } },
      );
      const effective = (['cpu', 'memory'] as const).map((resource) => ({
        request: ofPod[resource].request ?? (isPodLevel ? undefined : ofOperator[resource].request),
        limit: ofPod[resource].limit ?? (isPodLevel ? undefined : ofOperator[resource].limit),
      }));
      expect(outcome.kind).toBe(effective.some(isAbove) ? 'denied' : 'injected');
      if (outcome.kind !== 'injected') return;
      const fetcher = outcome.patch.find(({ path }) => path === '/spec/initContainers/0')?.value as {
        resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
      };
      for (const resource of ['cpu', 'memory'] as const) {
        const request = fetcher.resources?.requests?.[resource];
        const limit = fetcher.resources?.limits?.[resource];
        expect(isAbove({ request, limit })).toBe(false);
      }
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 500) },
  );
});

function toFields({ cpu, memory }: { readonly cpu: Written; readonly memory: Written }) {
  return {
    requests: numeric({ cpu: cpu.request, memory: memory.request }),
    limits: numeric({ cpu: cpu.limit, memory: memory.limit }),
  };
}

function numeric(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(withoutUndefined(fields)).filter(([, value]) => value !== 'none'),
  ) as Record<string, string>;
}

function withoutUndefined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
}
