/** The settings of the `webhook` command. */

import { LOG_LEVELS } from '../runtime/log/logger.ts';
import { checkInjection, INJECTION_SETTINGS } from '../runtime/settings/injection.ts';
import { ADDRESS, choice, duration, integer, PATH, PORT } from '../runtime/settings/kinds.ts';
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
  'admin-port': setting(PORT, 8080, 'Port of the plain HTTP server with /livez, /readyz and /metrics.'),
  'listen-address': optional(
    ADDRESS,
    'Address that both servers listen on; every address of the pod when not set.',
  ),
  'tls-cert-file': setting(
    PATH,
    '/etc/aws-secrets-injector/tls/tls.crt',
    'Certificate chain in PEM, the leaf first. Watched, and replaced while running.',
  ),
  'tls-key-file': setting(
    PATH,
    '/etc/aws-secrets-injector/tls/tls.key',
    'Private key of the certificate, in PEM.',
  ),
  'drain-seconds': setting(
    integer(0, 600, 'seconds'),
    15,
    'How long requests are still answered after SIGTERM, until no API server routes here any more.',
  ),
  'keep-alive-seconds': setting(
    integer(1, 3600, 'seconds'),
    120,
    'How long an idle connection is kept. More than the 90 s after which an API server closes it itself.',
  ),
  'max-connections': setting(integer(1, 100_000), 1024, 'Connections beyond this number are closed at once.'),
  'log-level': setting(choice(...LOG_LEVELS), 'info', 'Least severe lines that are logged.'),
  ...INJECTION_SETTINGS,
  'native-check-interval': setting(
    duration(10, 86_400, 'from 10s to 24h'),
    '5m',
    'How often the cluster is looked at again with native-variables on or auto.',
  ),
} as const;

export type WebhookSettings = Values<typeof WEBHOOK_SETTINGS>;

/** Reads the settings of the webhook. */
export function readWebhookSettings(
  argv: readonly string[],
  env: Environment,
): SettingsResult<WebhookSettings> {
  return readSettings(WEBHOOK_SETTINGS, argv, env, (values) => [
    ...(values['listen-port'] === values['admin-port'] && values['listen-port'] !== 0
      ? ['--admin-port: is the same as --listen-port']
      : []),
    ...checkInjection(values),
  ]);
}
