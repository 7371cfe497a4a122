/** The operator's settings about injection: the webhook's, and the CLI's when it shows what the webhook would do. */
import { parseQuantity } from '../../core/pod/quantity.ts';
import { ENV_MODES, type InjectionSettings, type NativeSupport } from '../../core/settings.ts';
import { choice, IMAGE, namespaceChoices, QUANTITY, REPOSITORIES, SWITCH, variables } from './kinds.ts';
import { optional, REQUIRED, setting, type Values } from './settings.ts';

// What may steer the fetcher: where AWS is and whom it trusts, never who it is.
const FETCHER_VARIABLE =
  /^(?:AWS_ENDPOINT_URL(?:_[A-Z0-9_]+)?|AWS_USE_FIPS_ENDPOINT|AWS_USE_DUALSTACK_ENDPOINT|AWS_REGION|AWS_DEFAULT_REGION|NODE_EXTRA_CA_CERTS)$/;

export const INJECTION_SETTINGS = {
  image: setting(IMAGE, REQUIRED, 'Image of the injected container.'),
  'image-mirrors': setting(
    REPOSITORIES,
    [],
    'Further repositories of that image, where another webhook rewrites images to a mirror: an injected container that runs from one of them is ours.',
  ),
  'image-pull-policy': optional(
    choice('Always', 'IfNotPresent', 'Never'),
    'Pull policy of that image; Kubernetes chooses by the tag when this is not set.',
  ),
  'fetcher-env': setting(
    variables(
      (name) => FETCHER_VARIABLE.test(name),
      'AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_<SERVICE>, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, AWS_REGION, AWS_DEFAULT_REGION, NODE_EXTRA_CA_CERTS',
    ),
    [],
    'A variable for the injected container. May be given several times; the environment variable takes several, separated by commas or line feeds.',
  ),
  'env-mode': setting(
    choice(...ENV_MODES),
    'auto',
    'How variables reach a process when the pod does not say.',
  ),
  'namespace-env-mode': setting(
    namespaceChoices(...ENV_MODES),
    [],
    'The same for the pods of one namespace. May be given several times; the environment variable takes several, separated by commas or line feeds.',
  ),
  'native-variables': setting(
    choice('on', 'off', 'auto'),
    'auto',
    'Whether the cluster can set variables from the env file: on when you know that every kubelet is 1.35 or newer, off to forbid it, auto to look (docs/guides/operations.md, Native variables).',
  ),
  'cpu-request': optional(
    QUANTITY,
    'CPU request of the injected container; computed from the pod when not set.',
  ),
  'cpu-limit': optional(QUANTITY, 'CPU limit of the injected container; computed from the pod when not set.'),
  'memory-request': optional(
    QUANTITY,
    'Memory request of the injected container; computed from the pod when not set.',
  ),
  'memory-limit': optional(
    QUANTITY,
    'Memory limit of the injected container; computed from the pod when not set.',
  ),
  'require-complete-arns': setting(
    SWITCH,
    false,
    'Refuse ARNs without the six characters that make them name one secret for good.',
  ),
} as const;

export type InjectionValues = Values<typeof INJECTION_SETTINGS>;

/** The setting `native-variables`. */
export type NativeSetting = InjectionValues['native-variables'];

/** Said to whoever asks for native variables where they are off. */
export const NATIVE_OFF: NativeSupport = Object.freeze({
  can: false,
  why: 'the operator turned native variables off (setting native-variables)',
});

/** What the operator says, for a program that knows no cluster to look at. */
export function nativeWithoutCluster(setting: NativeSetting): NativeSupport {
  switch (setting) {
    case 'on':
      return { can: true, probe: false };
    case 'off':
      return NATIVE_OFF;
    case 'auto':
      return { can: false, why: 'render knows no cluster: set --native-variables on or off' };
  }
}

/** Contradictions between these settings. */
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
    ...variables.map((name) => `--fetcher-env: ${name} is given more than once`),
    ...namespaces.map((name) => `--namespace-env-mode: ${name} is given more than once`),
    ...exceeded,
  ];
}

function repeatedOf(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** The settings as the core takes them. Whether the cluster can set native variables is not among them: it changes. */
export function injectionSettings(values: InjectionValues): InjectionSettings {
  const policy = values['image-pull-policy'];
  return Object.freeze({
    image: values.image,
    imageMirrors: values['image-mirrors'],
    ...(policy === undefined ? {} : { imagePullPolicy: policy }),
    fetcherEnv: values['fetcher-env'],
    resources: defined({
      cpuRequest: values['cpu-request'],
      cpuLimit: values['cpu-limit'],
      memoryRequest: values['memory-request'],
      memoryLimit: values['memory-limit'],
    }),
    envMode: values['env-mode'],
    namespaceEnvModes: new Map(values['namespace-env-mode'].map((one) => [one.namespace, one.choice])),
    requireCompleteArns: values['require-complete-arns'],
  });
}

function defined<K extends string>(
  fields: Readonly<Record<K, string | undefined>>,
): { readonly [Name in K]?: string } {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { readonly [Name in K]?: string };
}
