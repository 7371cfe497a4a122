/** The trace that the fetcher continues, over several passes of one pod. */
import jsonpatch, { type Operation } from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { decideInjection } from '../../../../src/core/inject.ts';
import type { InjectionSettings } from '../../../../src/core/settings.ts';
import { arnOf } from '../../../fetcher/plans.ts';

const FIRST = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const SECOND = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
const ENDPOINT = 'http://collector.example:4318/v1/traces';
const SETTINGS: InjectionSettings = { image: 'registry.example/injector:1' };
const TRACING: InjectionSettings = {
  ...SETTINGS,
  fetcherEnv: [{ name: 'SECRETS_INJECTOR_TRACES_ENDPOINT', value: ENDPOINT }],
};
const POD = {
  metadata: { annotations: { 'secrets-injector.dev/file.db': arnOf('shop/db') } },
  spec: { containers: [{ name: 'app', image: 'app' }] },
};

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

interface Injected {
  readonly spec: { readonly initContainers: [{ env: Variable[] }] };
}

function injected(traceparent: string | undefined, settings = TRACING): Injected {
  const outcome = decideInjection(POD, { namespace: 'shop', traceparent }, settings);
  if (outcome.kind !== 'injected') throw new Error(outcome.kind);
  const patch = structuredClone([...outcome.patch]) as Operation[];
  return jsonpatch.applyPatch(structuredClone(POD), patch, true).newDocument as unknown as Injected;
}

/** The pod with another trace context, or with several. */
function withTrace(...variables: readonly Omit<Variable, 'name'>[]): Injected {
  const pod = injected(undefined);
  const [fetcher] = pod.spec.initContainers;
  fetcher.env.push(...variables.map((one) => ({ name: 'SECRETS_INJECTOR_TRACEPARENT', ...one })));
  return pod;
}

function kindOf(pod: Injected, traceparent: string | undefined, settings = TRACING): string {
  const outcome = decideInjection(pod, { namespace: 'shop', traceparent }, settings);
  return outcome.kind === 'denied' ? outcome.problems[0].code : outcome.kind;
}

it('the first pass adds it, and nothing without one', () => {
  const variable = { name: 'SECRETS_INJECTOR_TRACEPARENT', value: FIRST };
  expect(injected(FIRST).spec.initContainers[0].env).toContainEqual(variable);
  expect(JSON.stringify(injected(undefined))).not.toContain('TRACEPARENT');
});

describe('a later pass adds nothing', () => {
  it.each([
    ['of the same trace', FIRST, SECOND],
    ['that is not traced', FIRST, undefined],
    ['that is traced, unlike the first', undefined, SECOND],
  ])('%s', (_name, first, second) => {
    expect(kindOf(injected(first), second)).toBe('unchanged');
  });

  it('on a replica that does not trace, if the endpoint is not there either', () => {
    expect(kindOf(injected(FIRST, SETTINGS), undefined, SETTINGS)).toBe('unchanged');
  });
});

describe('a later pass rejects', () => {
  it.each([
    ['a text that is no trace context', [{ value: 'x' }]],
    ['one that is not sampled', [{ value: FIRST.replace(/1$/, '0') }]],
    ['an empty one', [{ value: '' }]],
    ['one from elsewhere', [{ valueFrom: { configMapKeyRef: { name: 'x', key: 'y' } } }]],
    ['one with a value and a source', [{ value: FIRST, valueFrom: { fieldRef: { fieldPath: 'x' } } }]],
    ['two of them', [{ value: FIRST }, { value: SECOND }]],
  ])('%s', (_name, variables) => {
    expect(kindOf(withTrace(...variables), undefined)).toBe('POD_VARIABLE_REFUSED');
  });

  it.each([
    ['of another operator', [{ name: 'SECRETS_INJECTOR_TRACES_ENDPOINT', value: 'http://elsewhere/v1' }]],
    ['that is set twice', [{ name: 'SECRETS_INJECTOR_TRACES_ENDPOINT', value: ENDPOINT }]],
  ])('an endpoint %s', (_name, variables) => {
    const pod = injected(FIRST);
    pod.spec.initContainers[0].env.push(...variables);
    expect(kindOf(pod, undefined)).toBe('POD_VARIABLE_REFUSED');
  });

  it('an endpoint, if the operator does not trace', () => {
    expect(kindOf(injected(FIRST, TRACING), undefined, SETTINGS)).toBe('POD_VARIABLE_REFUSED');
  });
});
