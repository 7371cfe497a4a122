/** The `webhook` command. */
import { injectionSettings } from '../runtime/injection-settings.ts';
import { errorFields, type Logger, makeLogger } from '../runtime/logger.ts';
import type { Environment } from '../runtime/settings.ts';
import { renderSettingsHelp } from '../runtime/settings-help.ts';
import { endOnUncaught, serveUntilSignal } from '../runtime/shutdown.ts';
import { VERSION } from '../runtime/version.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { readWebhookSettings, WEBHOOK_SETTINGS, type WebhookSettings } from './settings.ts';
import { startWebhook, type Webhook, type WebhookOptions } from './webhook.ts';

/** Runs the webhook until a signal ends it. @returns the exit code */
export async function runWebhook(argv: readonly string[], env: Environment): Promise<number> {
  const settings = readWebhookSettings(argv, env);
  if (settings.kind === 'help') {
    process.stdout.write(
      `Usage: aws-secrets-injector webhook [flags]\n\n${renderSettingsHelp(WEBHOOK_SETTINGS)}\n`,
    );
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(
      `the settings cannot be used:\n${settings.problems.map((one) => `  ${one}\n`).join('')}`,
    );
    return 2;
  }
  return serve(settings.values);
}

async function serve(values: WebhookSettings): Promise<number> {
  const log = makeLogger(values['log-level']);
  endOnUncaught(log);
  log.info('starting', { version: VERSION });
  const webhook = await start(values, log);
  if (webhook === undefined) return 1;
  await serveUntilSignal(webhook, { drainSeconds: values['drain-seconds'], closeSeconds: 10, log });
  log.flush();
  return 0;
}

async function start(values: WebhookSettings, log: Logger): Promise<Webhook | undefined> {
  try {
    return await startWebhook(webhookOptions(values), log);
  } catch (error) {
    // Almost always a port that is taken or an address that is not here; the code says which.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    log.error('cannot start', { problem: code, ...errorFields(error) });
    log.flush();
    return undefined;
  }
}

function webhookOptions(values: WebhookSettings): WebhookOptions {
  return {
    injection: injectionSettings(values),
    limits: {
      ...DEFAULT_LIMITS,
      keepAliveMilliseconds: values['keep-alive-seconds'] * 1000,
      connections: values['max-connections'],
    },
    listenPort: values['listen-port'],
    adminPort: values['admin-port'],
    listenAddress: values['listen-address'],
    certFile: values['tls-cert-file'],
    keyFile: values['tls-key-file'],
  };
}
