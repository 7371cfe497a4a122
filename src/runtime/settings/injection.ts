/** The operator's settings for injection, which the webhook and `render` share. */
import { isRegion } from '../../core/names/regions.ts';
import { REFRESH_CHECKS } from '../../core/plan/refresh.ts';
import { parseQuantity } from '../../core/pod/quantity.ts';
import {
  DEFAULT_ROLE_TOKEN_AUDIENCE,
  ENV_MODES,
  type InjectionSettings,
  type NativeSupport,
  type SidecarSupport,
  type Unsupported,
} from '../../core/settings.ts';
import { ALLOWED_ROLES } from './allowed-roles.ts';
import {
  AUDIENCE,
  choice,
  IMAGE,
  namespaceChoices,
  QUANTITY,
  REPOSITORIES,
  SWITCH,
  type Variable,
  variables,
} from './kinds.ts';
import { NETWORK_SETTINGS, networkProblems, networkVariables } from './network.ts';
import { optional, REQUIRED, setting, type Values } from './settings.ts';

// Variables may configure the endpoints of the fetcher, never its identity.
const FETCHER_VARIABLE =
  /^(?:AWS_ENDPOINT_URL(?:_[A-Z0-9_]+)?|AWS_USE_FIPS_ENDPOINT|AWS_USE_DUALSTACK_ENDPOINT|AWS_REGION|AWS_DEFAULT_REGION)$/;

/** Whether the fetcher would use the variable: a value that it does not understand would turn a safeguard off. */
function isFetcherVariable({ name, value }: Variable): boolean {
  if (!FETCHER_VARIABLE.test(name)) return false;
  if (name.endsWith('_REGION')) return isRegion(value);
  if (name.startsWith('AWS_USE_')) return value === 'true' || value === 'false';
  return isEndpoint(value);
}

/** As the fetcher checks it: plain http would show the token to the network. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export const INJECTION_SETTINGS = {
  image: setting(IMAGE, REQUIRED, 'Image of the injected container.'),
  'image-mirrors': setting(
    REPOSITORIES,
    [],
    'Additional repositories of that image, for clusters where another webhook rewrites images to a mirror. The webhook accepts an injected container with an image from one of them.',
  ),
  'image-pull-policy': optional(
    choice('Always', 'IfNotPresent', 'Never'),
    'Pull policy of that image. By default, Kubernetes derives it from the tag.',
  ),
  'fetcher-env': setting(
    variables(
      isFetcherVariable,
      'AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_<SERVICE> (an https URL), AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT (true or false), AWS_REGION, AWS_DEFAULT_REGION (the name of a Region)',
    ),
    [],
    'A variable for the injected container. Can be set several times. In the environment variable, separate several with commas or line feeds.',
  ),
  ...NETWORK_SETTINGS,
  'env-mode': setting(
    choice(...ENV_MODES),
    'auto',
    'Default delivery of variables, for pods without an env-mode annotation.',
  ),
  'namespace-env-mode': setting(
    namespaceChoices(...ENV_MODES),
    [],
    'The same for pods of one namespace. Can be set several times. In the environment variable, separate several with commas or line feeds.',
  ),
  'native-variables': setting(
    choice('on', 'off', 'auto'),
    'auto',
    'Whether pods can use native variables: on if every kubelet is 1.35 or newer, off to disable them, auto to check the cluster (docs/guides/operations.md, Native variables).',
  ),
  'native-sidecars': setting(
    choice('available', 'unavailable', 'auto'),
    'auto',
    'Whether pods can use refresh, which needs native sidecars: available if every kubelet is 1.29 or newer, unavailable to disable refresh, auto to check the cluster (docs/guides/operations.md, Native sidecars).',
  ),
  'refresh-check': setting(
    choice(...REFRESH_CHECKS),
    'describe',
    'How the fetcher of a pod with refresh finds out that a secret has changed: describe with DescribeSecret, value with GetSecretValue, for roles that may not call DescribeSecret.',
  ),
  'cpu-request': optional(
    QUANTITY,
    'CPU request of the injected container. By default, it is computed from the pod.',
  ),
  'cpu-limit': optional(
    QUANTITY,
    'CPU limit of the injected container. By default, it is computed from the pod.',
  ),
  'memory-request': optional(
    QUANTITY,
    'Memory request of the injected container. By default, it is computed from the pod.',
  ),
  'memory-limit': optional(
    QUANTITY,
    'Memory limit of the injected container. By default, it is computed from the pod.',
  ),
  'require-complete-arns': setting(
    SWITCH,
    false,
    'Deny pods with ARNs that do not end in the six random characters of a secret.',
  ),
  'allowed-roles': setting(
    ALLOWED_ROLES,
    [],
    'A role that pods of a namespace can name in role-arn and assume-role-arn. Can be set several times. In the environment variable, separate several with commas or line feeds. Without it, every pod can name every role.',
  ),
  'role-token-audience': setting(
    AUDIENCE,
    DEFAULT_ROLE_TOKEN_AUDIENCE,
    'Audience of the service account token for the annotation role-arn. The IAM OIDC provider of the cluster must accept it.',
  ),
} as const;

export type InjectionValues = Values<typeof INJECTION_SETTINGS>;

/** The setting `native-variables`. */
export type NativeSetting = InjectionValues['native-variables'];

/** Support for native variables if the operator turned them off. */
export const NATIVE_OFF: Unsupported = Object.freeze({
  can: false,
  why: 'the operator turned native variables off (setting native-variables)',
});

/** Support for native variables in a program without access to a cluster. */
export function nativeWithoutCluster(setting: NativeSetting): NativeSupport {
  switch (setting) {
    case 'on':
      return { can: true, probe: false };
    case 'off':
      return NATIVE_OFF;
    case 'auto':
      return { can: false, why: 'no cluster was checked (set --native-variables to on or off)' };
  }
}

/** The setting `native-sidecars`. */
export type SidecarSetting = InjectionValues['native-sidecars'];

/** Support for native sidecars if the operator turned them off. */
export const SIDECARS_OFF: Unsupported = Object.freeze({
  can: false,
  why: 'the operator turned native sidecars off (setting native-sidecars)',
});

/** Support for native sidecars in a program without access to a cluster: every supported version of Kubernetes has them. */
export function sidecarsWithoutCluster(setting: SidecarSetting): SidecarSupport {
  return setting === 'unavailable' ? SIDECARS_OFF : { can: true };
}

/** Returns contradictions between these settings. */
export function checkInjection(values: InjectionValues): readonly string[] {
  const variables = repeatedOf(values['fetcher-env'].map((variable) => variable.name));
  const namespaces = repeatedOf(values['namespace-env-mode'].map((one) => one.namespace));
  const exceeded = (['cpu', 'memory'] as const).flatMap((resource) => {
    const request = parseQuantity(values[`${resource}-request`]);
    const limit = parseQuantity(values[`${resource}-limit`]);
    const isExceeded = request !== undefined && limit !== undefined && request > limit;
    return isExceeded ? [`--${resource}-request: is greater than --${resource}-limit`] : [];
  });
  return [
    ...variables.map((name) => `--fetcher-env: ${name} is set more than once`),
    ...namespaces.map((name) => `--namespace-env-mode: ${name} is set more than once`),
    ...exceeded,
    ...networkProblems(values),
  ];
}

function repeatedOf(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** The settings for the core. Support for native variables and sidecars is not part of them, because it can change. */
export function injectionSettings(values: InjectionValues): InjectionSettings {
  const policy = values['image-pull-policy'];
  return Object.freeze({
    image: values.image,
    imageMirrors: values['image-mirrors'],
    ...(policy === undefined ? {} : { imagePullPolicy: policy }),
    fetcherEnv: [...values['fetcher-env'], ...networkVariables(values)],
    resources: defined({
      cpuRequest: values['cpu-request'],
      cpuLimit: values['cpu-limit'],
      memoryRequest: values['memory-request'],
      memoryLimit: values['memory-limit'],
    }),
    envMode: values['env-mode'],
    namespaceEnvModes: new Map(values['namespace-env-mode'].map((one) => [one.namespace, one.choice])),
    refreshCheck: values['refresh-check'],
    requireCompleteArns: values['require-complete-arns'],
    allowedRoles: values['allowed-roles'],
    roleTokenAudience: values['role-token-audience'],
  });
}

function defined<K extends string>(
  fields: Readonly<Record<K, string | undefined>>,
): { readonly [Name in K]?: string } {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { readonly [Name in K]?: string };
}
