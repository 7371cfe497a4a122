/** The operator's settings about injection: the webhook's, and the CLI's when it shows what the webhook would do. */
import { parseQuantity } from '../core/quantity.ts';
import type { InjectionSettings } from '../core/settings.ts';
import { choice, IMAGE, QUANTITY, SWITCH, variables } from './setting-kinds.ts';
import { optional, REQUIRED, setting, type Values } from './settings.ts';

// What may steer the fetcher: where AWS is and whom it trusts, never who it is.
const FETCHER_VARIABLE =
  /^(?:AWS_ENDPOINT_URL(?:_[A-Z0-9_]+)?|AWS_USE_FIPS_ENDPOINT|AWS_USE_DUALSTACK_ENDPOINT|AWS_REGION|AWS_DEFAULT_REGION|NODE_EXTRA_CA_CERTS)$/;

export const INJECTION_SETTINGS = {
  image: setting(IMAGE, REQUIRED, 'Image of the injected container.'),
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
    choice('auto', 'shell', 'file'),
    'auto',
    'How variables reach a process when the pod does not say.',
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

/** Contradictions between these settings. */
export function checkInjection(values: InjectionValues): readonly string[] {
  const names = values['fetcher-env'].map((variable) => variable.name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  const exceeded = (['cpu', 'memory'] as const).flatMap((resource) => {
    const request = parseQuantity(values[`${resource}-request`]);
    const limit = parseQuantity(values[`${resource}-limit`]);
    const isExceeded = request !== undefined && limit !== undefined && request > limit;
    return isExceeded ? [`--${resource}-request: is greater than --${resource}-limit`] : [];
  });
  return [...repeated.map((name) => `--fetcher-env: ${name} is given more than once`), ...exceeded];
}

/** The settings as the core takes them. */
export function injectionSettings(values: InjectionValues): InjectionSettings {
  const policy = values['image-pull-policy'];
  return Object.freeze({
    image: values.image,
    ...(policy === undefined ? {} : { imagePullPolicy: policy }),
    fetcherEnv: values['fetcher-env'],
    resources: defined({
      cpuRequest: values['cpu-request'],
      cpuLimit: values['cpu-limit'],
      memoryRequest: values['memory-request'],
      memoryLimit: values['memory-limit'],
    }),
    envMode: values['env-mode'],
    requireCompleteArns: values['require-complete-arns'],
  });
}

function defined<K extends string>(
  fields: Readonly<Record<K, string | undefined>>,
): { readonly [Name in K]?: string } {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { readonly [Name in K]?: string };
}
