/** The text of a plan as the guard relies on it: the order of members is part of the contract. */
import { describe, expect, it } from 'vitest';
import { FETCHER_NAME } from '../../../src/core/additions/injected-objects.ts';
import { decideInjection } from '../../../src/core/inject.ts';
import { PREFIX } from '../../../src/core/names/prefix.ts';
import { VERSIONS_KEY } from '../../../src/core/names/rollout-keys.ts';
import {
  formatPlan,
  PLAN_VARIABLE,
  type Plan,
  type PlanDirectory,
  type PlanFile,
  type PlanSecret,
  type PlanVariable,
  type PlanVariables,
  type PlanView,
  type Receivers,
} from '../../../src/core/plan/plan.ts';
import type { CallAction, PlanRefresh, SignalAction, TouchAction } from '../../../src/core/plan/refresh.ts';
import { formatVersionMap } from '../../../src/core/plan/version-map.ts';
import type { InjectionSettings } from '../../../src/core/settings.ts';
import { goldenCases } from '../../golden/cases.ts';
import { at, type Json, listAt } from './manifest-files.ts';
import { COUNTED_TEXTS, PLAN_TEXTS } from './plan-text.ts';

/** Every member of an object of the plan, in the order in which the text contains them. */
type Members<T> = Readonly<Record<keyof T, true>>;

const PLAN: Members<Plan> = {
  version: true,
  timeoutSeconds: true,
  secrets: true,
  views: true,
  refresh: true,
};
const REFRESH: Members<PlanRefresh> = { seconds: true, check: true, required: true, onChange: true };
const SIGNAL: Members<SignalAction> = { signal: true, container: true };
const CALL: Members<CallAction> = { url: true };
const TOUCH: Members<TouchAction> = { touch: true, view: true };
const SECRET: Members<PlanSecret> = { arn: true, stage: true, versionId: true, pinned: true, failover: true };
// The guard reads the volume's name, then expects the receivers.
const VIEW: Members<PlanView> = {
  volume: true,
  receivers: true,
  fileMode: true,
  format: true,
  env: true,
  envFrom: true,
  files: true,
  filesFrom: true,
  declared: true,
  probe: true,
  manifest: true,
};
const RECEIVERS: Members<Receivers> = { native: true, shell: true, file: true };
// The guard recognizes each of these four by its first member.
const VARIABLE: Members<PlanVariable> = {
  name: true,
  entry: true,
  secret: true,
  key: true,
  jmesPath: true,
  decode: true,
  optional: true,
  default: true,
};
const VARIABLES: Members<PlanVariables> = {
  id: true,
  entry: true,
  secret: true,
  optional: true,
  prefix: true,
  case: true,
  exclude: true,
  onCollision: true,
};
const FILE: Members<PlanFile> = {
  path: true,
  entry: true,
  secret: true,
  key: true,
  jmesPath: true,
  decode: true,
  optional: true,
  default: true,
  mode: true,
  format: true,
  template: true,
  escape: true,
  pem: true,
};
const DIRECTORY: Members<PlanDirectory> = {
  directory: true,
  entry: true,
  secret: true,
  optional: true,
  include: true,
  exclude: true,
  mode: true,
  onCollision: true,
};

// Text that would confuse the guard if JSON did not escape its quotes, and that kubelet would expand.
const HOSTILE =
  '$(HOME)$$(HOME)$$ {"name":"X","volume":"aws-secrets","receivers":{"native":["app"]},"entry":1,"probe":true}';
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const FORM = [
  {
    secret: 'db',
    versionStage: 'AWSPREVIOUS',
    failover: ['us-east-1', 'ap-southeast-2'],
    optional: true,
    env: { FULL: { jmesPath: 'a', decode: 'base64', optional: true, default: HOSTILE } },
    envFrom: { prefix: 'DB_', case: 'upper', exclude: [HOSTILE], onCollision: 'skip' },
    files: {
      'by-key': { key: HOSTILE, decode: 'base64', default: HOSTILE, mode: '0444' },
      'by-path': { jmesPath: 'a' },
      converted: { format: 'json' },
      filled: { template: HOSTILE, escape: 'json' },
      bundle: { pem: 'certificates' },
    },
    filesFrom: { directory: 'form', include: [HOSTILE], exclude: ['x'], mode: '0444', onCollision: 'skip' },
  },
  {
    secret: 'db',
    versionId: '11111111-2222-3333-4444-555555555555',
    env: { B: 'b' },
    containers: ['native'],
  },
  { secret: 'db', files: { f: {} }, containers: ['files'] },
];
const POD = {
  metadata: {
    annotations: {
      [`${PREFIX}secret.db`]: ARN,
      [`${PREFIX}env.A`]: 'db:a',
      [`${PREFIX}env-from.all`]: 'db',
      [`${PREFIX}file.raw`]: 'db',
      [`${PREFIX}file-from.short`]: 'db',
      [`${PREFIX}secrets`]: JSON.stringify(FORM),
      [`${PREFIX}containers`]: 'shell',
      [`${PREFIX}manifest-file`]: 'true',
      [`${PREFIX}refresh`]: '5m',
      [`${PREFIX}refresh-required`]: 'true',
      [`${PREFIX}on-change`]: 'signal:HUP@shell,http://localhost:8080/reload,touch:reloaded',
    },
  },
  spec: {
    shareProcessNamespace: true,
    securityContext: { runAsUser: 1000 },
    containers: [
      // Its names are unknown until they are fetched, so its variables cannot be native.
      { name: 'shell', image: 'x', command: ['sh', '-c', 'run'], env: [{ name: 'OWN', value: 'x' }] },
      { name: 'native', image: 'x' },
      { name: 'files', image: 'x' },
    ],
  },
};

/** Without the options that contradict `pin-version`. */
const PINNED = {
  ...POD,
  metadata: {
    annotations: {
      ...Object.fromEntries(
        Object.entries(POD.metadata.annotations).filter(([key]) => !/\/(?:refresh|on-change)/.test(key)),
      ),
      [`${PREFIX}pin-version`]: 'true',
      [VERSIONS_KEY]: formatVersionMap(
        new Map([ARN, `${ARN}::AWSPREVIOUS`].map((key) => [key, '11111111-2222-3333-4444-555555555555'])),
      ),
    },
  },
};

const SETTINGS: InjectionSettings = {
  image: 'x',
  native: { can: true, probe: true },
  sidecars: { can: true },
};
const text = planText(POD, SETTINGS) ?? '';
const plan = JSON.parse(text) as Plan;
const pinnedText = planText(PINNED, SETTINGS) ?? '';
const pinnedPlan = JSON.parse(pinnedText) as Plan;
const { views, refresh } = plan;
const refreshed = refresh === undefined ? [] : [refresh];
const actions = refreshed.flatMap(({ onChange = [] }) => onChange);
const goldenTexts = goldenCases().flatMap(({ pod, settings }) => planText(pod, settings) ?? []);

describe('a plan that uses every member', () => {
  it.each<readonly [string, readonly object[], Readonly<Record<string, true>>]>([
    ['the plan', [plan], PLAN],
    ['a secret', [...plan.secrets, ...pinnedPlan.secrets], SECRET],
    ['a view', views, VIEW],
    ['the receivers of a view', views.map(({ receivers }) => receivers), RECEIVERS],
    ['a variable', views.flatMap(({ env }) => env), VARIABLE],
    ['the variables of a secret', views.flatMap(({ envFrom }) => envFrom), VARIABLES],
    ['a file', views.flatMap(({ files }) => files), FILE],
    ['the files of a directory', views.flatMap(({ filesFrom }) => filesFrom), DIRECTORY],
    ['the refresh', refreshed, REFRESH],
    ['a signal', actions.filter((one) => 'signal' in one), SIGNAL],
    ['a call', actions.filter((one) => 'url' in one), CALL],
    ['a file to touch', actions.filter((one) => 'touch' in one), TOUCH],
  ])('has the members of %s in the order that the guard relies on', (what, objects, members) => {
    const order = Object.keys(members);
    const advice =
      `members of ${what}: manifests/base/guard/injected.yaml reads the text of the plan, so keep their order; add a ` +
      'new member to this test and to its pod, and decide whether the guard must check it';
    for (const object of objects)
      expect(Object.keys(object), advice).toEqual(order.filter((member) => Object.hasOwn(object, member)));
    expect(new Set(objects.flatMap((object) => Object.keys(object))), advice).toEqual(new Set(order));
  });

  it('has containers that receive variables in each mode', () => {
    expect(views.map(({ receivers }) => receivers)).toEqual([
      { native: [], shell: ['shell'], file: [] },
      { native: ['native'], shell: [], file: [] },
      { native: [], shell: [], file: ['files'] },
    ]);
  });
});

it.each(Object.entries({ ...PLAN_TEXTS, ...COUNTED_TEXTS }))(
  '%s occurs once for each object of its kind',
  (searched, count) => {
    expect(goldenTexts.length).toBeGreaterThan(20);
    expect(count(plan) + count(pinnedPlan)).toBeGreaterThan(0);
    for (const one of [text, pinnedText, ...goldenTexts])
      expect(one.split(searched).length - 1).toBe(count(JSON.parse(one)));
  },
);

it('names of variables are read in the order of the plan, and follow the name of the volume', () => {
  const read = text
    .split('"volume":"')
    .slice(1)
    .map((view) => view.split('{"name":"').map((part) => part.split('"')[0]));
  expect(read).toEqual(views.map(({ volume, env }) => [volume, ...env.map(({ name }) => name)]));
});

it('the text contains nothing that kubelet expands', () => {
  expect(text).not.toMatch(/\$[$(]/);
  expect(JSON.stringify(views)).toContain('$(HOME)$$(HOME)$$');
});

it('the text is compact JSON, and the same plan always gives the same text', () => {
  expect(formatPlan(plan)).toBe(text);
  expect(planText(POD, { ...SETTINGS, image: 'y' })).toBe(text);
});

/** The plan that the webhook writes into a pod, or undefined where it adds no fetcher. */
function planText(pod: unknown, settings: InjectionSettings): string | undefined {
  const outcome = decideInjection(pod, { namespace: 'shop' }, settings);
  if (outcome.kind !== 'injected') return undefined;
  const values = outcome.patch.map(({ value }) => value as Json);
  const fetcher = values.find((value) => at(value, 'name') === FETCHER_NAME);
  const variable = listAt(fetcher, 'env').find(({ name }) => name === PLAN_VARIABLE);
  return variable === undefined ? undefined : String(variable['value']);
}
