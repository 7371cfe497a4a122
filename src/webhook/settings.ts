/** The settings of the `webhook` command. */
import { quote } from '../core/problems/quote.ts';
import { LOG_LEVELS } from '../runtime/log/logger.ts';
import { checkInjection, INJECTION_SETTINGS } from '../runtime/settings/injection.ts';
import {
  ADDRESS,
  choice,
  DNS_NAME,
  duration,
  integer,
  NAMES,
  PATH,
  PORT,
  RATIO,
  SWITCH,
} from '../runtime/settings/kinds.ts';
import { readPolicyFile } from '../runtime/settings/policy-file.ts';
import {
  type Environment,
  optional,
  readSettings,
  type SettingsResult,
  setting,
  type Values,
} from '../runtime/settings/settings.ts';
import { CERTIFICATE_SOURCES } from './metrics.ts';

const YEAR_SECONDS = 8760 * 3600;

export const WEBHOOK_SETTINGS = {
  'listen-port': setting(PORT, 8443, 'Port of the HTTPS server that the API server calls (POST /mutate).'),
  'probe-port': setting(
    PORT,
    8081,
    'Port of the plain HTTP server with /livez and /readyz, for the kubelet.',
  ),
  'metrics-port': setting(PORT, 8080, 'Port of the plain HTTP server with /metrics.'),
  'listen-address': optional(
    ADDRESS,
    'Address that all servers listen on. By default, all addresses of the pod.',
  ),
  certificates: setting(
    choice(...CERTIFICATE_SOURCES),
    'self',
    'Source of the TLS certificate: self if the webhook creates and renews it (certs/README.md), files for --tls-cert-file and --tls-key-file.',
  ),
  'ca-secret': setting(
    DNS_NAME,
    'aws-secrets-injector-webhook-ca',
    'With certificates self: name of the Secret with the CA, in --namespace.',
  ),
  registrations: setting(
    NAMES,
    ['aws-secrets-injector', 'zz-aws-secrets-injector'],
    'With certificates self: names of the MutatingWebhookConfigurations whose caBundle the webhook sets, if they exist.',
  ),
  service: setting(
    DNS_NAME,
    'aws-secrets-injector',
    'With certificates self: name of the Service of the webhook, for the DNS names of the certificate.',
  ),
  namespace: setting(
    DNS_NAME,
    'aws-secrets-injector',
    'With certificates self: namespace of the webhook, its Service and its Secret.',
  ),
  'ca-lifetime': setting(
    duration(30, 10 * YEAR_SECONDS, 'from 30s to 87600h'),
    YEAR_SECONDS,
    'With certificates self: lifetime of the CA. It is renewed after two thirds of it.',
  ),
  'certificate-lifetime': setting(
    duration(10, YEAR_SECONDS, 'from 10s to 8760h'),
    168 * 3600,
    'With certificates self: lifetime of the certificates, at most a third of ca-lifetime. They are renewed after two thirds of it.',
  ),
  'tls-cert-file': setting(
    PATH,
    '/etc/aws-secrets-injector/tls/tls.crt',
    'With certificates files: certificate chain in PEM, leaf certificate first. The webhook reloads it when it changes.',
  ),
  'tls-key-file': setting(
    PATH,
    '/etc/aws-secrets-injector/tls/tls.key',
    'With certificates files: private key of the certificate, in PEM.',
  ),
  'client-ca-file': optional(
    PATH,
    'CA certificates in PEM. If set, only clients with a certificate from one of these CAs get answers (docs/guides/operations.md, Client certificate of the API server).',
  ),
  'drain-seconds': setting(
    integer(0, 600, 'seconds'),
    15,
    'Seconds for which the webhook still answers requests after SIGTERM, until API servers stop sending them.',
  ),
  'keep-alive-seconds': setting(
    integer(1, 3600, 'seconds'),
    120,
    'Seconds after which an idle connection is closed. Use more than 90, after which an API server closes it.',
  ),
  'max-connections': setting(
    integer(1, 100_000),
    1024,
    'Maximum number of connections. At the limit, a new connection replaces the one that has been idle or unfinished for longest.',
  ),
  'log-level': setting(choice(...LOG_LEVELS), 'info', 'Least severe level to log.'),
  ...INJECTION_SETTINGS,
  'policy-file': optional(
    PATH,
    "YAML file with the operator's policy: which secrets, roles and env-modes the pods of each namespace may request (docs/guides/policy.md). The webhook reads it again when it changes. Without it, everything is allowed.",
  ),
  'policy-events': setting(
    SWITCH,
    false,
    'Write a Kubernetes Event for each pod that a rule of the operator rejects (docs/guides/policy.md, Events). Add the component events, which sets it and grants the permission.',
  ),
  'traces-ratio': setting(
    RATIO,
    1,
    'With traces-endpoint: share of the reviews that are traced, unless the API server has decided about the trace.',
  ),
  'native-check-interval': setting(
    duration(10, 86_400, 'from 10s to 24h'),
    300,
    'Interval of the cluster check, for native-variables and native-sidecars.',
  ),
} as const;

export type WebhookSettings = Values<typeof WEBHOOK_SETTINGS>;

/** Reads the settings of the webhook. */
export function readWebhookSettings(
  argv: readonly string[],
  env: Environment,
): SettingsResult<WebhookSettings> {
  return readSettings(WEBHOOK_SETTINGS, argv, env, (values) => [
    ...checkPorts(values['listen-port'], values['probe-port'], values['metrics-port']),
    ...checkLifetimes(values['ca-lifetime'], values['certificate-lifetime']),
    ...checkInjection(values),
    ...policyProblems(values['policy-file']),
  ]);
}

/** A webhook without its policy would allow everything, so it does not start. */
function policyProblems(file: string | undefined): readonly string[] {
  const read = file === undefined ? undefined : readPolicyFile(file);
  return read?.ok === false ? [`--policy-file: ${quote(file ?? '', 256)} ${read.problem}`] : [];
}

/** A certificate that is signed just before its CA is renewed must not end before its time. */
function checkLifetimes(ca: number, certificate: number): readonly string[] {
  return certificate * 3 > ca
    ? ['--certificate-lifetime: is more than a third of --ca-lifetime; shorten it, or extend --ca-lifetime']
    : [];
}

/** Ports that two servers would share. 0 lets the system choose. */
function checkPorts(listen: number, probe: number, metrics: number): readonly string[] {
  const isTaken = (port: number, ...others: readonly number[]) => port !== 0 && others.includes(port);
  return [
    ...(isTaken(probe, listen) ? ['--probe-port: is equal to --listen-port; choose another port'] : []),
    ...(isTaken(metrics, listen) ? ['--metrics-port: is equal to --listen-port; choose another port'] : []),
    ...(isTaken(metrics, probe) ? ['--metrics-port: is equal to --probe-port; choose another port'] : []),
  ];
}
