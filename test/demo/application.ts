/**
 * The application of the demo: a program started exactly as the container would be (same prefix, same env file),
 * which reports what it got as hashes, so that nothing of a value has to be shown to be compared.
 */
import { createHash } from 'node:crypto';
import { runToEnd } from './child.ts';
import type { ContainerManifest } from './pod-manifest.ts';

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

/** The variables that kubelet sets: a native value holds no quote, so this reads the file as kubelet does. */
export function nativeVariables(
  container: ContainerManifest,
  envFile: Buffer,
): Readonly<Record<string, string>> {
  const lines = new Map(
    [...envFile.toString().matchAll(/^([A-Za-z_][A-Za-z0-9_]*)='([^']*)'\n/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  const variables: Record<string, string> = {};
  for (const { name, valueFrom } of container.env ?? []) {
    const value = lines.get(valueFrom?.fileKeyRef?.key);
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

/**
 * Starts the reporting application.
 * @param prefix what stands before its command
 * @param variables what its environment holds from the start
 */
export async function runApplication(
  prefix: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<readonly SeenVariable[]> {
  const finished = await runToEnd([...prefix, process.execPath, '-e', REPORT], variables);
  if (finished.code !== 0)
    throw new Error(`the application ended with ${finished.code}: ${finished.stderr.slice(0, 500)}`);
  const seen = JSON.parse(finished.stdout) as readonly (readonly [string, number, string])[];
  return seen
    .filter(([name]) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))
    .map(([name, bytes, hash]) => ({ name, bytes, hash }));
}
