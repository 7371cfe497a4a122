/** The webhook inside the test's own process, on ports that the system chooses, with small limits where a test wants. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { LogFields, Logger } from '../../src/runtime/log/logger.ts';
import { DEFAULT_LIMITS, type ServerLimits } from '../../src/webhook/server/limits.ts';
import { startWebhook, type Webhook, type WebhookOptions } from '../../src/webhook/webhook.ts';
import { type Leaf, makeLeaf } from './certificates.ts';
import { temporaryDirectory } from './directory.ts';
import { INJECTOR_IMAGE } from './injector-image.ts';

export interface LogLine extends LogFields {
  readonly message: string;
}

export interface Running extends Webhook {
  readonly directory: string;
  readonly log: readonly LogLine[];
}

export interface RunningOptions {
  readonly limits?: Partial<ServerLimits>;
  /** Null to start without certificate files. */
  readonly leaf?: Leaf | null;
  /** By default, the files. */
  readonly certificates?: WebhookOptions['certificates'];
  readonly certificateCheckMilliseconds?: number;
  readonly native?: WebhookOptions['native'];
  readonly sidecars?: WebhookOptions['sidecars'];
  readonly injection?: WebhookOptions['injection'];
  readonly clientCaFile?: string;
  readonly caBundle?: WebhookOptions['caBundle'];
  readonly policy?: WebhookOptions['policy'];
  readonly traces?: WebhookOptions['traces'];
  readonly events?: WebhookOptions['events'];
}

let shared: Promise<Leaf> | undefined;

/** Starts a webhook that ends with the test. */
export async function runWebhookHere(options: RunningOptions = {}): Promise<Running> {
  const directory = await temporaryDirectory(onTestFinished);
  shared ??= makeLeaf();
  if (options.leaf !== null) await writeLeaf(directory, options.leaf ?? (await shared));
  const { log, lines } = recordingLogger();
  const webhook = await startWebhook(
    {
      injection: options.injection ?? { image: INJECTOR_IMAGE },
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      listenPort: 0,
      probePort: 0,
      metricsPort: 0,
      listenAddress: '127.0.0.1',
      certificates: options.certificates ?? {
        source: 'files',
        certFile: path.join(directory, 'tls.crt'),
        keyFile: path.join(directory, 'tls.key'),
        ...(options.certificateCheckMilliseconds === undefined
          ? {}
          : { checkMilliseconds: options.certificateCheckMilliseconds }),
      },
      ...(options.clientCaFile === undefined ? {} : { clientCaFile: options.clientCaFile }),
      ...(options.native === undefined ? {} : { native: options.native }),
      ...(options.sidecars === undefined ? {} : { sidecars: options.sidecars }),
      ...(options.caBundle === undefined ? {} : { caBundle: options.caBundle }),
      ...(options.policy === undefined ? {} : { policy: options.policy }),
      ...(options.traces === undefined ? {} : { traces: options.traces }),
      ...(options.events === undefined ? {} : { events: options.events }),
    },
    log,
  );
  onTestFinished(() => webhook.close());
  return { ...webhook, directory, log: lines };
}

/** Writes a pair where the webhook looks for it. */
export async function writeLeaf(directory: string, leaf: Leaf): Promise<void> {
  await writeFile(path.join(directory, 'tls.crt'), leaf.cert);
  await writeFile(path.join(directory, 'tls.key'), leaf.key);
}

/** A logger that keeps its lines. */
export function recordingLogger(): { readonly log: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (message: string, fields: LogFields = {}): void => {
    lines.push({ message, ...fields });
  };
  return { log: { debug: keep, info: keep, warn: keep, error: keep, flush: () => undefined }, lines };
}

/** Asks again and again until an answer pleases; the test's own time limit ends the wait. */
export async function eventually<T>(ask: () => Promise<T> | T, isRight: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
