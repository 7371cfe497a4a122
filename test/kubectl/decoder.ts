/** Code of kubectl and of the API server, compiled from Go: what `kubectl apply -f` reads, and which keys are valid. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build, isBuilt } from '../cluster/toolchain/build.ts';
import { sourceModules } from '../cluster/toolchain/versions.ts';

const MODULES = sourceModules('kubectl-decoder', path.join(import.meta.dirname, 'decoder'), 1);

/** The objects of a file, or the error. Numbers that JavaScript would round are BigInts. */
export type Answer = { readonly objects: readonly unknown[] } | { readonly error: string };

/** Builds the decoder. @returns why that is not possible */
export async function prepareDecoder(): Promise<string | undefined> {
  if (!isBuilt(MODULES) && spawnSync('go', ['version']).status !== 0)
    return 'building the decoder of kubectl needs Go, which is not installed';
  return build(MODULES).then(
    () => undefined,
    (error: unknown) => `the decoder of kubectl could not be built: ${String(error)}`,
  );
}

/** @returns one answer for each file */
export async function decode(files: readonly string[]): Promise<readonly Answer[]> {
  const texts = files.map((file) => Buffer.from(file).toString('base64'));
  const answers = (await ask('manifests', texts)) as readonly {
    readonly objects: readonly string[];
    readonly error?: string;
  }[];
  return answers.map(({ objects, error }) =>
    error === undefined ? { objects: objects.map(exactly) } : { error },
  );
}

/** @returns for each key whether an annotation can have it */
export async function acceptsKeys(keys: readonly string[]): Promise<readonly boolean[]> {
  return (await ask('keys', keys)) as readonly boolean[];
}

async function ask(mode: string, questions: readonly string[]): Promise<unknown> {
  const program = path.join(await build(MODULES), path.basename(MODULES.folder));
  const { status, stdout, stderr } = spawnSync(program, [mode], {
    input: JSON.stringify(questions),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`the decoder ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Parses JSON without rounding integers, and makes objects of lists of pairs. */
function exactly(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value === 'object' && value !== null && 'pairs' in value)
      return Object.fromEntries(value.pairs as [string, unknown][]);
    if (typeof value !== 'number') return value;
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? ''))
      return BigInt(context?.source ?? value);
    return Object.is(value, -0) ? 0 : value;
  };
  return JSON.parse(text, revive);
}
