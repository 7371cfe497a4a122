/** Which bundles the webhook loads: those of options that are off stay on the disk. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const FLAGS = ['--image=i', '--certificates=files', '--native-variables=off', '--drain-seconds=0'];
const PORTS = ['--listen-port=0', '--probe-port=0', '--metrics-port=0', '--listen-address=127.0.0.1'];

/** Starts the webhook and stops it when it serves. @returns the bundles that it loaded */
async function loadedWith(...flags: readonly string[]): Promise<readonly string[]> {
  const program = path.join(import.meta.dirname, 'start-webhook.ts');
  const child = spawn(process.execPath, [program, ...FLAGS, ...PORTS, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('serving metrics')) child.kill('SIGTERM');
    if (line.startsWith('loaded ')) return line.split(' ').slice(1);
  }
  throw new Error('the webhook did not end in order');
}

it('without traces, only its own', async () => {
  expect(await loadedWith()).toEqual(['webhook']);
});

it('with traces, also that of OpenTelemetry', async () => {
  expect(await loadedWith('--traces-endpoint=http://127.0.0.1:9/v1/traces')).toEqual([
    'opentelemetry',
    'webhook',
  ]);
});
