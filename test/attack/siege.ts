/** A webhook as its Deployment runs it, within 512 MiB, under attack, while an API server and a kubelet go on. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { makeLeaf } from '../server/certificates.ts';
import { plainGet } from '../server/client.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { startWebhookProcess, type WebhookProcess } from '../server/processes.ts';
import { writeLeaf } from '../server/running.ts';
import { limitMemory } from './memory-limit.ts';
import { type Seen, startPeers } from './peers.ts';

/** The memory limit of the Deployment. */
const LIMIT_BYTES = 512 * 1024 * 1024;

/** What one attack did, and what became of the others' requests. */
export interface Outcome extends Seen {
  readonly attack: string;
  /** Connections that the attacker opened, and held at once at most. */
  readonly connections: number;
  readonly heldConnections: number;
  readonly sentBytes: number;
  /** The most memory since the webhook started. */
  readonly peakBytes: number;
}

export interface Siege {
  readonly webhook: WebhookProcess;
  /** Whether the webhook runs in a cgroup, and peakBytes contains the buffers of its sockets. */
  readonly isLimited: boolean;
  attack(name: string, milliseconds: number): Promise<Outcome>;
  /** The most memory since the webhook started. */
  peakBytes(): number;
  /** Values of a metric by label. */
  metric(name: string): Promise<Readonly<Record<string, number>>>;
  end(): Promise<void>;
}

/** Starts the webhook. @param directory for its certificate and bundle */
export async function besiege(directory: string): Promise<Siege> {
  await writeLeaf(directory, await makeLeaf());
  const limit = limitMemory(LIMIT_BYTES);
  const webhook = await startWebhookProcess({
    directory,
    nodeFlags: deploymentFlags(),
    // Native variables make the largest answers.
    flags: ['--native-variables', 'on'],
    ...(limit === undefined ? {} : { wrap: limit.wrap }),
  });
  const peakBytes = limit?.peakBytes ?? (() => peakOf(webhook.pid));
  let hasEnded: number | string | undefined;
  void webhook.ended.then((code) => {
    hasEnded = code;
  });
  return {
    webhook,
    isLimited: limit !== undefined,
    peakBytes,
    async attack(name, milliseconds) {
      const attacker = spawn(
        process.execPath,
        [
          path.join(import.meta.dirname, 'attacker.ts'),
          ...[name, webhook.port, webhook.probePort, webhook.metricsPort].map(String),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const lines = createInterface({ input: attacker.stdout });
      await once(lines, 'line');
      const peers = startPeers(webhook);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await peers.stop();
      attacker.kill('SIGTERM');
      const [line] = (await once(lines, 'line')) as [string];
      const { connections, bytes, open } = JSON.parse(line) as Readonly<Record<string, number>>;
      if (hasEnded !== undefined) throw new Error(`the webhook ended with ${hasEnded} under attack: ${name}`);
      return {
        ...peers.seen,
        attack: name,
        connections: connections ?? 0,
        heldConnections: open ?? 0,
        sentBytes: bytes ?? 0,
        peakBytes: peakBytes(),
      };
    },
    async metric(name) {
      const { text } = await plainGet(webhook.metricsPort, '/metrics');
      const found = text.matchAll(new RegExp(`^secrets_injector_${name}\\{\\w+="(\\w+)"\\} (\\S+)$`, 'gm'));
      return Object.fromEntries([...found].map(([, label = '', value]) => [label, Number(value)]));
    },
    end: async () => {
      await webhook.stop();
      limit?.remove();
    },
  };
}

/** The most resident memory of a process. */
function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
