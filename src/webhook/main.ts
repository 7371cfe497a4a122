/** The `webhook` command. */

import { makeClusterApi, placeOf } from '../kubernetes/api-client.ts';
import { serviceNames } from '../runtime/certificate.ts';
import { errorFields, type Logger, makeLogger } from '../runtime/log/logger.ts';
import { type CommandHelp, formatHelp } from '../runtime/settings/help.ts';
import { injectionSettings } from '../runtime/settings/injection.ts';
import type { Environment } from '../runtime/settings/settings.ts';
import { catchSignal, endOnUncaught, serveUntil } from '../runtime/shutdown.ts';
import { VERSION } from '../runtime/version.ts';
import type { CertificateOptions } from './certificate-source.ts';
import { DEFAULT_NATIVE_TIMES } from './native/native-watch.ts';
import { DEFAULT_LIMITS } from './server/limits.ts';
import { readWebhookSettings, WEBHOOK_SETTINGS, type WebhookSettings } from './settings.ts';
import { startWebhook, type Webhook, type WebhookOptions } from './webhook.ts';

const HELP: CommandHelp = {
  usage: 'webhook [flags]',
  about: `Serves admission reviews over HTTPS, and adds the injection to pods. Runs in the cluster, as a
Deployment (manifests/base, or the Helm chart). See docs/reference/settings.md.`,
  settings: WEBHOOK_SETTINGS,
  variables: true,
};

/** Runs the webhook until a signal stops it. @returns the exit code */
export async function runWebhook(argv: readonly string[], env: Environment): Promise<number> {
  const settings = readWebhookSettings(argv, env);
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(HELP));
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(`invalid settings:\n${settings.problems.map((one) => `  ${one}\n`).join('')}`);
    return 2;
  }
  return serve(webhookOptions(settings.values, env), settings.values);
}

async function serve(options: WebhookOptions, values: WebhookSettings): Promise<number> {
  const log = makeLogger(values['log-level']);
  endOnUncaught(log);
  const signal = catchSignal(log);
  log.info('starting', { version: VERSION });
  const webhook = await start(options, log);
  if (webhook === undefined) return 1;
  await serveUntil(signal, webhook, { drainSeconds: values['drain-seconds'], closeSeconds: 10, log });
  log.flush();
  return 0;
}

async function start(options: WebhookOptions, log: Logger): Promise<Webhook | undefined> {
  try {
    return await startWebhook(options, log);
  } catch (error) {
    // Usually a port in use or an unknown address: the error code says which.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    log.error('cannot start', { problem: code, ...errorFields(error) });
    log.flush();
    return undefined;
  }
}

/** Words that YAML does not read as booleans, unlike `on` and `off`. */
const SIDECAR_SETTINGS = { available: 'on', unavailable: 'off', auto: 'auto' } as const;

function webhookOptions(values: WebhookSettings, env: Environment): WebhookOptions {
  const endpoint = values['traces-endpoint'];
  const api = makeClusterApi(placeOf(env));
  const times = {
    ...DEFAULT_NATIVE_TIMES,
    intervalMilliseconds: values['native-check-interval'] * 1000,
  };
  return {
    injection: injectionSettings(values),
    native: { setting: values['native-variables'], api, times },
    sidecars: { setting: SIDECAR_SETTINGS[values['native-sidecars']], api, times },
    limits: {
      ...DEFAULT_LIMITS,
      keepAliveMilliseconds: values['keep-alive-seconds'] * 1000,
      connections: values['max-connections'],
    },
    listenPort: values['listen-port'],
    probePort: values['probe-port'],
    metricsPort: values['metrics-port'],
    listenAddress: values['listen-address'],
    certificates: certificateOptions(values, env),
    clientCaFile: values['client-ca-file'],
    ...(values['ca-bundle-file'] === undefined ? {} : { caBundle: { file: values['ca-bundle-file'] } }),
    ...(values['policy-file'] === undefined ? {} : { policy: { file: values['policy-file'] } }),
    ...(values['policy-events'] ? { events: { api: makeClusterApi(placeOf(env)) } } : {}),
    ...(endpoint === undefined
      ? {}
      : { traces: { endpoint: new URL(endpoint), ratio: values['traces-ratio'] } }),
  };
}

function certificateOptions(values: WebhookSettings, env: Environment): CertificateOptions {
  switch (values.certificates) {
    case 'self':
      return {
        source: 'self',
        place: placeOf(env),
        namespace: values.namespace,
        secret: values['ca-secret'],
        registrations: values.registrations,
        dnsNames: serviceNames(values.service, values.namespace),
        caLifetime: values['ca-lifetime'] * 1000,
        certificateLifetime: values['certificate-lifetime'] * 1000,
      };
    case 'files':
      return { source: 'files', certFile: values['tls-cert-file'], keyFile: values['tls-key-file'] };
  }
}
