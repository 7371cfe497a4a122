/** The operator's settings for the network of the fetcher: a proxy, further certificate authorities, and where traces go. */
import {
  CA_BUNDLE_VARIABLE,
  HTTPS_PROXY_VARIABLE,
  NO_PROXY_VARIABLE,
} from '../../core/names/network-variables.ts';
import { TRACES_ENDPOINT_VARIABLE } from '../../core/names/trace-variables.ts';
import { quote } from '../../core/problems/quote.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { readCaBundle } from './ca-bundle.ts';
import { NO_PROXY, PATH, PROXY, TRACES_ENDPOINT, type Variable } from './kinds.ts';
import { optional, type Values } from './settings.ts';

export const NETWORK_SETTINGS = {
  'https-proxy': optional(
    PROXY,
    'HTTP proxy for the connections of the injected container to AWS. It may contain credentials, which anyone who can read pods can read.',
  ),
  'no-proxy': optional(
    NO_PROXY,
    'Hosts that the injected container connects to without the proxy, such as private endpoints. A name includes its subdomains.',
  ),
  'ca-bundle-file': optional(
    PATH,
    'PEM file with certificate authorities that the injected container trusts in addition to the public ones, at most 64 KiB. The webhook reads it again when it changes.',
  ),
  'traces-endpoint': optional(
    TRACES_ENDPOINT,
    'URL of an OpenTelemetry Collector (OTLP/HTTP) to which the webhook and the injected container send traces (docs/guides/tracing.md). By default, they record none. Set it in the ConfigMap of the guard.',
  ),
} as const;

type NetworkValues = Values<typeof NETWORK_SETTINGS>;

/** Returns contradictions between these settings, and the problem of the file. */
export function networkProblems(values: NetworkValues): readonly string[] {
  const file = values['ca-bundle-file'];
  const bundle = file === undefined ? undefined : readCaBundle(file);
  return [
    ...(values['no-proxy'] !== undefined && values['https-proxy'] === undefined
      ? ['--no-proxy: has no effect without --https-proxy']
      : []),
    ...(bundle?.ok === false ? [`--ca-bundle-file: ${quote(file ?? '')} ${bundle.problem}`] : []),
  ];
}

/** The variables that carry these settings into the fetcher. */
export function networkVariables(values: NetworkValues): readonly Variable[] {
  const file = values['ca-bundle-file'];
  const bundle = file === undefined ? undefined : readCaBundle(file);
  const named = [
    [HTTPS_PROXY_VARIABLE, values['https-proxy']],
    [NO_PROXY_VARIABLE, values['no-proxy']],
    [CA_BUNDLE_VARIABLE, bundle?.ok === true ? bundle.value : undefined],
    [TRACES_ENDPOINT_VARIABLE, values['traces-endpoint']],
  ] as const;
  return named.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

/** The certificate authorities that the fetcher trusts besides the public ones, in PEM. */
export function caBundleOf(settings: InjectionSettings): string | undefined {
  return settings.fetcherEnv?.find(({ name }) => name === CA_BUNDLE_VARIABLE)?.value;
}

/** The same settings with other certificate authorities for the fetcher. @param pem empty for none */
export function withCaBundle(settings: InjectionSettings, pem: string): InjectionSettings {
  const others = (settings.fetcherEnv ?? []).filter(({ name }) => name !== CA_BUNDLE_VARIABLE);
  const fetcherEnv = pem === '' ? others : [...others, { name: CA_BUNDLE_VARIABLE, value: pem }];
  return Object.freeze({ ...settings, fetcherEnv });
}
