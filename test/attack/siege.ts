/** A webhook as its Deployment runs it, within 512 MiB, under attack, while an API server and a kubelet go on. */

import { readFileSync } from 'node:fs';
import { makeLeaf } from '../server/certificates.ts';
import { plainGet } from '../server/client.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { startWebhookProcess, type WebhookProcess } from '../server/processes.ts';
import { writeLeaf } from '../server/running.ts';
import { limitMemory } from './memory-limit.ts';
import { type Seen, startPeers } from './peers.ts';
import { startAttacker } from './start-attacker.ts';

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
      const attacker = await startAttacker(name, webhook);
      const peers = startPeers(webhook);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await peers.stop();
      const { connections, bytes, open } = await attacker.stop();
      if (hasEnded !== undefined) throw new Error(`the webhook ended with ${hasEnded} under attack: ${name}`);
      return {
        ...peers.seen,
        attack: name,
        connections,
        heldConnections: open,
        sentBytes: bytes,
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
