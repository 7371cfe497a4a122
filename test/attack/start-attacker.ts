/** Starts an attack in a process of its own, so that it does not slow down the clients that are measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Target } from './pressure.ts';

/** What an attacker did: connections in total, the most at once, and bytes sent. */
export interface Effort {
  readonly connections: number;
  readonly open: number;
  readonly bytes: number;
}

export interface Attacker {
  stop(): Promise<Effort>;
}

/** Resolves when the attack has begun. @param name a key of ATTACKS */
export async function startAttacker(name: string, target: Target): Promise<Attacker> {
  const { host, source, port, probePort, metricsPort } = target;
  const child = spawn(
    process.execPath,
    [
      path.join(import.meta.dirname, 'attacker.ts'),
      name,
      JSON.stringify({ host, source, port, probePort, metricsPort }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  return {
    stop: async () => {
      child.kill('SIGTERM');
      const [line] = (await once(lines, 'line')) as [string];
      return JSON.parse(line) as Effort;
    },
  };
}
