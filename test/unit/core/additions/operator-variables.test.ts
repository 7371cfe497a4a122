/** The operator's variables of the fetcher, when a setting changes between the passes of one pod. */
import jsonpatch, { type Operation } from 'fast-json-patch';
import { expect, it } from 'vitest';
import { decideInjection } from '../../../../src/core/inject.ts';
import type { InjectionSettings } from '../../../../src/core/settings.ts';
import { arnOf } from '../../../fetcher/plans.ts';

const POD = {
  metadata: { annotations: { 'secrets-injector.dev/file.db': arnOf('shop/db') } },
  spec: { containers: [{ name: 'app', image: 'app' }] },
};

function settingsWith(proxy?: string): InjectionSettings {
  const fetcherEnv = proxy === undefined ? [] : [{ name: 'SECRETS_INJECTOR_HTTPS_PROXY', value: proxy }];
  return { image: 'registry.example/injector:1', fetcherEnv };
}

function patched(pod: unknown, settings: InjectionSettings): unknown {
  const outcome = decideInjection(pod, { namespace: 'shop' }, settings);
  if (outcome.kind !== 'injected') return outcome.kind;
  return jsonpatch.applyPatch(structuredClone(pod), structuredClone([...outcome.patch]) as Operation[], true)
    .newDocument;
}

it('are added', () => {
  expect(JSON.stringify(patched(POD, settingsWith('http://proxy:3128')))).toContain(
    '{"name":"SECRETS_INJECTOR_HTTPS_PROXY","value":"http://proxy:3128"}',
  );
});

// It cannot tell an earlier value of the operator from a value of somebody else. Controllers create the pod again.
it('with another value than the operator sets now are rejected in a later pass', () => {
  const before = patched(POD, settingsWith('http://old:3128'));
  const outcome = decideInjection(before, { namespace: 'shop' }, settingsWith('http://new:3128'));
  expect(outcome).toMatchObject({ kind: 'denied', problems: [{ code: 'POD_VARIABLE_REFUSED' }] });
});
