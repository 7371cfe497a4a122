/** The CPU of the injected container, from the CPU of the regular containers. */
import jsonpatch from 'fast-json-patch';
import { expect, it } from 'vitest';
import { decideInjection } from '../../../../src/core/inject.ts';

type Json = Record<string, unknown>;
interface Cpu {
  readonly requests?: { readonly cpu: string };
  readonly limits?: { readonly cpu: string };
}

const SETTINGS = { image: 'r.example/injector:1', sidecars: { can: true } } as const;
const cpu = (request?: string, limit?: string): Cpu => ({
  ...(request === undefined ? {} : { requests: { cpu: request } }),
  ...(limit === undefined ? {} : { limits: { cpu: limit } }),
});

it.each<[what: string, containers: readonly Cpu[], request: string, limit: string | undefined]>([
  ['without any resources', [{}], '100m', undefined],
  ['with requests alone, whose sum it uses', [cpu('2'), cpu('250m')], '2250m', undefined],
  ['with a container that has no limit', [cpu('50m', '200m'), cpu('50m')], '100m', undefined],
  ['with small limits', [cpu('10m', '50m'), cpu('10m', '100m')], '100m', '500m'],
  ['with limits, whose sum it uses', [cpu('100m', '400m'), cpu('100m', '300m')], '200m', '700m'],
  ['with large limits', [cpu('2', '4')], '1', '1'],
])('a pod %s', (_what, containers, request, limit) => {
  expect(fetcherOf(containers)).toEqual([request, limit]);
});

it.each<[what: string, containers: readonly Cpu[], request: string, limit: string | undefined]>([
  ['without any resources', [{}], '10m', undefined],
  ['with a container that has no limit', [cpu('1', '2'), {}], '10m', undefined],
  ['with limits', [cpu('1', '2')], '10m', '250m'],
])('a pod with refresh, %s', (_what, containers, request, limit) => {
  expect(fetcherOf(containers, { refresh: '5m' })).toEqual([request, limit]);
});

it('a written limit applies to a pod that has none', () => {
  expect(fetcherOf([{}], { 'cpu-limit': '50m' })).toEqual(['50m', '50m']);
});

it('a pod that an earlier release has given a limit stays as it is', () => {
  const injected = inject(podOf([{}]));
  const [fetcher] = (injected['spec'] as { initContainers: { resources: { limits: Json } }[] })
    .initContainers;
  if (fetcher === undefined) throw new Error('nothing was injected');
  fetcher.resources.limits['cpu'] = '1';
  expect(inject(injected)).toEqual(injected);
});

/** The CPU request and limit of the injected container. */
function fetcherOf(containers: readonly Cpu[], options: Readonly<Record<string, string>> = {}) {
  const { initContainers } = inject(podOf(containers, options))['spec'] as {
    initContainers: { resources: Cpu }[];
  };
  const resources = initContainers[0]?.resources;
  return [resources?.requests?.cpu, resources?.limits?.cpu];
}

function podOf(containers: readonly Cpu[], options: Readonly<Record<string, string>> = {}): Json {
  const all = { ...options, 'file.db': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf' };
  return {
    metadata: {
      annotations: Object.fromEntries(
        Object.entries(all).map(([name, value]) => [`secrets-injector.dev/${name}`, value]),
      ),
    },
    spec: { containers: containers.map((resources, index) => ({ name: `app-${index}`, resources })) },
  };
}

function inject(pod: Json): Json {
  const outcome = decideInjection(pod, { namespace: 'shop' }, SETTINGS);
  if (outcome.kind === 'unchanged') return pod;
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome));
  return jsonpatch.applyPatch(structuredClone(pod), structuredClone([...outcome.patch])).newDocument;
}
