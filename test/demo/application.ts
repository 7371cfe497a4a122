/**
 * The application of the demo: a program started exactly as the container would be (same prefix, same env file),
 * which reports what it got as hashes, so that nothing of a value has to be shown to be compared.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runToEnd } from './child.ts';
import type { Sandbox } from './sandbox.ts';

/** Runs inside the application: variables with their lengths and hashes. */
const REPORT = `
  const { createHash } = require('node:crypto');
  const seen = Object.entries(process.env).map(([name, value]) =>
    [name, Buffer.byteLength(value), createHash('sha256').update(value).digest('hex')]);
  process.stdout.write(JSON.stringify(seen));
`;

export interface SeenVariable {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
}

export function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The elements that the webhook put before a command, if it did. */
export function prefixOf(before: readonly string[], after: readonly string[]): readonly string[] {
  return after.slice(0, after.length - before.length);
}

/**
 * Starts the reporting application.
 * @param prefix what the webhook put before the command; empty in file mode, where the env file is sourced as a
 * program's start script would
 */
export async function runApplication(
  sandbox: Sandbox,
  prefix: readonly string[],
  envFile: string,
): Promise<readonly SeenVariable[]> {
  const reader = prefix.length > 0 ? prefix : ['/bin/sh', '-c', 'set -a; . "$0"; exec "$@"', envFile];
  const command = [
    ...reader.map((part) => (part === envFile ? sandbox.inRoot(envFile) : part)),
    process.execPath,
    '-e',
    REPORT,
  ];
  const finished = await runToEnd(command, {});
  if (finished.code !== 0)
    throw new Error(`the application ended with ${finished.code}: ${finished.stderr.slice(0, 500)}`);
  const seen = JSON.parse(finished.stdout) as readonly (readonly [string, number, string])[];
  return seen
    .filter(([name]) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))
    .map(([name, bytes, hash]) => ({ name, bytes, hash }));
}

/** A file of a view as the application reads it. */
export function readMounted(sandbox: Sandbox, containerPath: string): Buffer {
  return readFileSync(sandbox.inRoot(containerPath));
}
