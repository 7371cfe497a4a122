/**
 * The guard's expressions repeat names of src/core, and the literals in them are exactly these names. Whether the
 * expressions decide correctly is tested on a real API server.
 */
import { describe, expect, it } from 'vitest';
import { IDENTITY_VARIABLES } from '../../../src/core/additions/aws-identity.ts';
import {
  CHECK_NAME,
  FETCHER_NAME,
  NO_API,
  NO_API_VOLUME,
} from '../../../src/core/additions/injected-objects.ts';
import { SHELLS, shellPrefix } from '../../../src/core/additions/shell-mode.ts';
import { SIDECAR_FIELDS } from '../../../src/core/additions/sidecar.ts';
import { NEVER_SET } from '../../../src/core/decide/altered.ts';
import { SELINUX_TYPES } from '../../../src/core/decide/weaker-security.ts';
import { FAMILIES, FORM, OPTIONS } from '../../../src/core/names/annotation-keys.ts';
import {
  ROLE_TOKEN_DIRECTORY,
  ROLE_TOKEN_FILE,
  ROLE_TOKEN_VOLUME,
} from '../../../src/core/names/identity-variables.ts';
import { INJECTED_PATHS } from '../../../src/core/names/injected-paths.ts';
import { NAMESPACE_LABEL, NEAR_DOMAINS, PREFIX } from '../../../src/core/names/prefix.ts';
import { VERSIONS_KEY } from '../../../src/core/names/rollout-keys.ts';
import { TRACEPARENT_VARIABLE, TRACES_ENDPOINT_VARIABLE } from '../../../src/core/names/trace-variables.ts';
import {
  ENV_FILE,
  isViewVolume,
  PROBE_FILE,
  PROBE_VARIABLE,
  VIEWS_DIRECTORY,
} from '../../../src/core/names/volume-layout.ts';
import { PLAN_VARIABLE } from '../../../src/core/plan/plan.ts';
import { REFRESH_CHECKS } from '../../../src/core/plan/refresh.ts';
import {
  CHECK_COMMAND,
  EARLIER_CHECK_COMMAND,
  EARLIER_FETCH_COMMAND,
  ENV_MODES,
  FETCH_COMMAND,
  FRESH_COMMAND,
  STARTED_COMMAND,
} from '../../../src/core/settings.ts';
import { GUARDED_VARIABLES, IDENTITY_OPTIONS } from './guarded-variables.ts';
import { at, documents, type JsonObject, listAt, only, yamlFiles } from './manifest-files.ts';
import { COUNTED_MEMBERS, COUNTED_TEXTS, PLAN_TEXTS } from './plan-text.ts';

const GUARD = 'aws-secrets-injector-guard';
const VIEW_VOLUME = 'aws-secrets';
const MIRROR_POD = 'kubernetes.io/config.mirror';

const [injected = {}, injectedBinding = {}] = documents('base/guard/injected.yaml');
const [plan = {}, planBinding = {}] = documents('base/guard/plan.yaml');
const [containers = {}, containersBinding = {}] = documents('base/guard/containers.yaml');
const [ephemeral = {}, ephemeralBinding = {}] = documents('base/guard/ephemeral-containers.yaml');
const [configMap = {}, image = {}, imageBinding = {}] = documents('base/guard/image.yaml');
const [notOptedIn = {}, notOptedInBinding = {}] = documents('base/guard/not-opted-in.yaml');
const [workloads = {}, workloadsBinding = {}] = documents('base/guard/workloads.yaml');
const [identity = {}, identityBinding = {}] = documents('base/guard/identity.yaml');
const [nearPrefixes = {}, nearPrefixesBinding = {}] = documents('base/guard/near-prefixes.yaml');
const [noNative = {}, noNativeBinding = {}] = documents('components/no-native-variables/policy.yaml');
const configuration = only('base/mutating-webhook-configuration.yaml');
const policies = [
  injected,
  plan,
  containers,
  image,
  identity,
  ephemeral,
  notOptedIn,
  workloads,
  nearPrefixes,
  noNative,
];

const options = Object.keys(OPTIONS).map((option) => PREFIX + option);
const requesting = Object.keys(FAMILIES).filter((family) => family !== 'secret');
const conditionLiterals = [
  PREFIX,
  `${PREFIX}secret.`,
  NAMESPACE_LABEL,
  ...options,
  `${PREFIX}inject`,
  'false',
  MIRROR_POD,
];

describe('the literals in expressions are the names in src/core', () => {
  it('a pod has everything that the webhook adds', () => {
    expectLiterals(injected, [
      ...conditionLiterals,
      `${PREFIX}mount-path`,
      OPTIONS['mount-path'].default,
      ...[FETCHER_NAME, CHECK_NAME].flatMap((name) => [name, `"${name}"`]),
      ...FETCH_COMMAND,
      ...CHECK_COMMAND,
      ...EARLIER_FETCH_COMMAND,
      ...EARLIER_CHECK_COMMAND,
      ...shellPrefix(undefined, `/${ENV_FILE}`).slice(1),
      `^(.*/)?(${SHELLS.join('|')})$`,
      PLAN_VARIABLE,
      PROBE_VARIABLE,
      PROBE_FILE,
      ENV_FILE,
      VIEW_VOLUME,
      `${VIEWS_DIRECTORY}/`,
      NO_API_VOLUME,
      NO_API.mount.mountPath,
      'Memory',
      ...Object.keys(PLAN_TEXTS),
      // What separates names in the plan's text, and elements of paths; and the link to /run.
      ...['/run/', '/var', '/var/run/'],
      '/',
      '.',
      '',
      '"',
      ',',
      ']',
    ]);
    expect(isViewVolume(VIEW_VOLUME)).toBe(true);
    expect(NO_API.volume).toMatchObject({ emptyDir: { medium: 'Memory' } });
    expect(expressionsOf(injected)).toMatch(
      new RegExp(`c\\.command\\.size\\(\\) > ${shellPrefix(undefined, '').length}\\s`),
    );
  });

  it('the plan follows from the annotations', () => {
    expectLiterals(
      plan,
      [
        ...conditionLiterals,
        ...requesting.flatMap((family) => [`${family}.`, `${PREFIX}${family}.`]),
        PREFIX + FORM,
        FETCHER_NAME,
        CHECK_NAME,
        PLAN_VARIABLE,
        ...Object.keys(COUNTED_TEXTS),
        ...COUNTED_MEMBERS.map((member) => `"${member}":`),
        ...['"arn":', '","secret":', ',"key":"', ',"stage":"', ',"versionId":"', '{"version":'],
        // Versions as the rollout controller records them, and the members of a secret from which they follow.
        ...[VERSIONS_KEY, `${PREFIX}pin-version`, '::', '":"'],
        ...['","stage":"', '","versionId":"', ',"pinned":"'],
        ...['","format":"', '","env":[', '"env":[{', '"envFrom":[{', '":[]'],
        ...ENV_MODES,
        OPTIONS['env-format'].default,
        'true',
        `${PREFIX}manifest-file`,
        ...['refresh', 'refresh-required', 'on-change'].map((option) => PREFIX + option),
        ...REFRESH_CHECKS,
        ...['signal:', '@', 'SIG', 'touch:', '},{', '}]}}', '}}'],
        // What separates names in the plan's text, in references and in lists of containers.
        ...['', ' ', '"', ',', ':', '[', ']', '{', '}', '$', '*', 'arn:'],
        // What kubelet expands.
        ...['$(', '$$'],
      ],
      PATTERN,
    );
  });

  it('nothing else decides what the injected containers do', () => {
    expectLiterals(
      containers,
      [
        FETCHER_NAME,
        CHECK_NAME,
        NO_API_VOLUME,
        NO_API.mount.mountPath,
        `${VIEWS_DIRECTORY}/`,
        ...NEVER_SET,
        ...SIDECAR_FIELDS,
        'Always',
        ...STARTED_COMMAND,
        ...FRESH_COMMAND,
        '"timeoutSeconds":',
        ',',
        ...INJECTED_PATHS,
        ...IDENTITY_VARIABLES.filter((name) => name !== 'AWS_STS_REGIONAL_ENDPOINTS'),
        PLAN_VARIABLE,
        'AWS_ROLE_SESSION_NAME',
        'AWS_EC2_METADATA_DISABLED',
        PROBE_VARIABLE,
        TRACEPARENT_VARIABLE,
        '-0+-',
        ' terminationMessagePath',
        '/dev/termination-log',
        'http://169.254.170.23/v1/credentials',
        'http://[fd00:ec2::23]/v1/credentials',
        ...['ALL', 'Default', 'Unconfined', 'default'],
        ...SELINUX_TYPES,
        ...['', ' ', '.', '/', '/../'],
      ],
      PATTERN,
    );
  });

  it('ephemeral containers use no volume of the injector', () => {
    expectLiterals(ephemeral, [FETCHER_NAME], PATTERN);
  });

  it('init containers run the image of the operator, without variables that steer the runtime', () => {
    const separators = ['', ' ', ':', '/', '@', ',', '=', '\\n'];
    expectLiterals(image, [
      FETCHER_NAME,
      CHECK_NAME,
      ...Object.keys(data()),
      ...separators,
      `${TRACES_ENDPOINT_VARIABLE}=`,
      ...GUARDED_VARIABLES.map((name) => name.replace('*', '')),
    ]);
  });

  it('pods in other namespaces request nothing', () => {
    expectLiterals(notOptedIn, conditionLiterals);
  });

  it('workloads are annotated on their pod templates', () => {
    expectLiterals(workloads, [PREFIX]);
  });

  it('the fetcher uses the roles that the annotations name', () => {
    expectLiterals(identity, [
      ...['role-arn', 'assume-role-arn', 'external-id'].map((option) => PREFIX + option),
      FETCHER_NAME,
      'AWS_ROLE_ARN',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      ...IDENTITY_OPTIONS,
      ROLE_TOKEN_VOLUME,
      ROLE_TOKEN_DIRECTORY,
      ROLE_TOKEN_FILE,
      ROLE_TOKEN_FILE.slice(ROLE_TOKEN_DIRECTORY.length + 1),
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
      `^(/var)?${ROLE_TOKEN_DIRECTORY.slice('/var'.length).replaceAll('.', '[.]')}/`,
      ...FETCH_COMMAND,
      'metadata.name',
      'default',
      '/',
      '.',
      '',
    ]);
  });

  it('prefixes are those of the injector', () => {
    expectLiterals(nearPrefixes, [...NEAR_DOMAINS, '/']);
  });

  it('native variables are forbidden', () => {
    expectLiterals(noNative, [VIEW_VOLUME]);
  });
});

it('the policies about pods that request secrets apply to the same pods', () => {
  expect(listAt(plan, 'spec.matchConditions').slice(0, -1)).toEqual(listAt(injected, 'spec.matchConditions'));
  expect(at(plan, 'spec.matchConstraints')).toEqual(at(injected, 'spec.matchConstraints'));
  expect(listAt(notOptedIn, 'spec.matchConditions')).toEqual(listAt(injected, 'spec.matchConditions'));
});

it('pods without requests, pods that opted out, and mirror pods are exempt for the guard and the webhook alike', () => {
  expect(listAt(injected, 'spec.matchConditions')).toEqual(
    listAt(configuration, 'webhooks.1.matchConditions'),
  );
});

it('the two policies cover every namespace between them', () => {
  expect(at(injected, 'spec.matchConstraints.namespaceSelector')).toEqual({
    matchLabels: { [NAMESPACE_LABEL]: 'enabled' },
  });
  expect(at(notOptedIn, 'spec.matchConstraints.namespaceSelector')).toEqual({
    matchExpressions: [{ key: NAMESPACE_LABEL, operator: 'NotIn', values: ['enabled'] }],
  });
});

it('the namespaces that the webhook never serves are those for which no label is suggested', () => {
  const [selector] = listAt(configuration, 'webhooks.0.namespaceSelector.matchExpressions');
  const excluded = (selector?.['values'] ?? []) as readonly string[];
  expect(messagesOf(notOptedIn)).toContain(
    `namespaceObject.metadata.name in [${excluded.map((name) => `'${name}'`).join(', ')}]`,
  );
});

it.each([
  [injected, injectedBinding],
  [plan, planBinding],
  [containers, containersBinding],
  [ephemeral, ephemeralBinding],
  [image, imageBinding],
  [notOptedIn, notOptedInBinding],
  [workloads, workloadsBinding],
  [identity, identityBinding],
  [nearPrefixes, nearPrefixesBinding],
  [noNative, noNativeBinding],
])('a binding applies each policy', (policy, binding) => {
  expect(at(binding, 'spec.policyName')).toBe(at(policy, 'metadata.name'));
});

it('the webhook and the guard accept images by the same ConfigMap', () => {
  expect(at(configMap, 'metadata.name')).toBe(GUARD);
  expect(Object.keys(data())).toEqual(['image', 'mirrors', 'fetcher-env', 'traces-endpoint']);
  expect(at(imageBinding, 'spec.paramRef')).toEqual({
    name: GUARD,
    namespace: at(configMap, 'metadata.namespace'),
    parameterNotFoundAction: 'Allow',
  });
  const [container] = listAt(only('base/deployment.yaml'), 'spec.template.spec.containers');
  const sources = listAt(container, 'env').map((one) => at(one, 'valueFrom.configMapKeyRef'));
  for (const key of ['mirrors', 'fetcher-env', 'traces-endpoint'])
    expect(sources).toContainEqual({ name: GUARD, key, optional: true });
});

it('messages name annotations and objects that exist', () => {
  const known = [
    NAMESPACE_LABEL,
    PREFIX + FORM,
    VERSIONS_KEY,
    ...options,
    FETCHER_NAME,
    CHECK_NAME,
    NO_API_VOLUME,
    ROLE_TOKEN_VOLUME,
    GUARD,
    ...yamlFiles('base')
      .flatMap(documents)
      .map((one) => at(one, 'metadata.name')),
  ];
  const text = policies.map(messagesOf).join('\n');
  const named =
    text.match(/(?:rollout\.)?secrets-injector\.dev\/[a-z-]+|(?<![\w/.-])aws-secrets[a-z0-9-]*/g) ?? [];
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !known.includes(name) && !isViewVolume(name))).toEqual([]);
});

function data(): JsonObject {
  return at(configMap, 'data') as JsonObject;
}

/** Regular expressions and escapes, which the tests on a real API server cover. */
const PATTERN = /[\\^]|\[.*\]\+/;

/**
 * Expects the text literals in a policy's expressions, apart from its messages, to be exactly these.
 * @param except literals that match this are not compared
 */
function expectLiterals(policy: JsonObject, expected: readonly string[], except?: RegExp): void {
  // CEL has other kinds of literals, which the guard does not use.
  const found = [...expressionsOf(policy).matchAll(/'([^']*)'/g)]
    .map(([, literal = '']) => literal)
    .filter((literal) => except?.test(literal) !== true);
  const advice =
    `literals in the policy ${at(policy, 'metadata.name')}: where src/core changed, run UPDATE_MANIFESTS=1 ./scripts/test ` +
    'unit and change the other expressions by hand; where an expression changed, change this test';
  expect([...new Set(found)].sort(), advice).toEqual([...new Set(expected)].sort());
}

function expressionsOf(policy: JsonObject): string {
  return ['matchConditions', 'variables', 'validations']
    .flatMap((list) => listAt(policy, `spec.${list}`))
    .map((one) => String(at(one, 'expression')))
    .join('\n');
}

function messagesOf(policy: JsonObject): string {
  return listAt(policy, 'spec.validations')
    .map((one) => `${at(one, 'message') ?? ''}${at(one, 'messageExpression') ?? ''}`)
    .join('\n');
}
