/** The settings of the `webhook` command. */
import { quote } from '../core/problems/quote.ts';
import { LOG_LEVELS } from '../runtime/log/logger.ts';
import { checkInjection, INJECTION_SETTINGS } from '../runtime/settings/injection.ts';
import { ADDRESS, choice, duration, integer, PATH, PORT } from '../runtime/settings/kinds.ts';
import { readPolicyFile } from '../runtime/settings/policy-file.ts';
import {
  type Environment,
  optional,
  readSettings,
  type SettingsResult,
  setting,
  type Values,
} from '../runtime/settings/settings.ts';

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
  'tls-cert-file': setting(
    PATH,
    '/etc/aws-secrets-injector/tls/tls.crt',
    'Certificate chain in PEM, leaf certificate first. The webhook reloads it when it changes.',
  ),
  'tls-key-file': setting(
    PATH,
    '/etc/aws-secrets-injector/tls/tls.key',
    'Private key of the certificate, in PEM.',
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
  'native-check-interval': setting(
    duration(10, 86_400, 'from 10s to 24h'),
    300,
    'Interval of the cluster check, with native-variables on or auto.',
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
    ...checkInjection(values),
    ...policyProblems(values['policy-file']),
  ]);
}

/** A webhook without its policy would allow everything, so it does not start. */
function policyProblems(file: string | undefined): readonly string[] {
  const read = file === undefined ? undefined : readPolicyFile(file);
  return read?.ok === false ? [`--policy-file: ${quote(file ?? '', 256)} ${read.problem}`] : [];
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
