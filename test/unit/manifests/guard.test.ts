/** The guard's expressions spell what the code spells; that they decide rightly is tested on a real API server. */
import { expect, it } from 'vitest';
import { CHECK_NAME, FETCHER_NAME, NO_API } from '../../../src/core/additions/injected-objects.ts';
import { shellPrefix } from '../../../src/core/additions/shell-mode.ts';
import { OPTIONS } from '../../../src/core/names/annotation-keys.ts';
import { NAMESPACE_LABEL, PREFIX } from '../../../src/core/names/prefix.ts';
import {
  ENV_FILE,
  PROBE_FILE,
  PROBE_VARIABLE,
  VIEWS_DIRECTORY,
} from '../../../src/core/names/volume-layout.ts';
import { PLAN_VARIABLE } from '../../../src/core/plan/plan.ts';
import { CHECK_COMMAND, FETCH_COMMAND } from '../../../src/core/settings.ts';
import { at, documents, type JsonObject, listAt, only } from './manifest-files.ts';

const [injected = {}] = documents('base/guard/injected.yaml');
const [notOptedIn = {}] = documents('base/guard/not-opted-in.yaml');
const configuration = only('base/mutating-webhook-configuration.yaml');

function conditions(json: JsonObject, where: string): readonly JsonObject[] {
  return listAt(json, where);
}

it('both policies about asking pods mean the same by asking', () => {
  expect(conditions(notOptedIn, 'spec.matchConditions')).toEqual(
    conditions(injected, 'spec.matchConditions'),
  );
});

it('every option is known not to ask, and nothing else is', () => {
  const asks = conditions(injected, 'spec.matchConditions')[0]?.['expression'];
  const listed = [...String(asks).matchAll(/'([^']+)'/g)].map(([, text]) => text);
  const known = [...Object.keys(OPTIONS).map((name) => PREFIX + name), NAMESPACE_LABEL];
  expect(new Set(listed)).toEqual(new Set([PREFIX, `${PREFIX}secret.`, ...known]));
});

it('pods that opted out, and mirror pods, are let through as the webhook lets them', () => {
  expect(conditions(injected, 'spec.matchConditions').slice(1)).toEqual(
    conditions(configuration, 'webhooks.0.matchConditions').slice(1),
  );
});

it('the two policies share the namespaces between them', () => {
  expect(at(injected, 'spec.matchConstraints.namespaceSelector')).toEqual({
    matchLabels: { [NAMESPACE_LABEL]: 'enabled' },
  });
  expect(at(notOptedIn, 'spec.matchConstraints.namespaceSelector')).toEqual({
    matchExpressions: [{ key: NAMESPACE_LABEL, operator: 'NotIn', values: ['enabled'] }],
  });
});

it('names of objects, command, script and paths are those that the webhook writes', () => {
  const text = JSON.stringify(injected);
  const spelled = [
    `'${FETCHER_NAME}'`,
    `'${PLAN_VARIABLE}'`,
    `'${CHECK_NAME}'`,
    `'${ENV_FILE}'`,
    `'${PROBE_FILE}'`,
    `'${PROBE_VARIABLE}'`,
    "'aws-secrets'",
    `'${NO_API.volume['name']}'`,
    `'${NO_API.mount['mountPath']}'`,
    `'${VIEWS_DIRECTORY}/'`,
    `'${OPTIONS['mount-path'].default}'`,
    `[${FETCH_COMMAND.map((part) => `'${part}'`).join(', ')}]`,
    `[${CHECK_COMMAND.map((part) => `'${part}'`).join(', ')}]`,
    ...shellPrefix('')
      .slice(0, 3)
      .map((part) => `'${part}'`),
  ];
  for (const one of spelled) expect(text).toContain(JSON.stringify(one).slice(1, -1));
});
