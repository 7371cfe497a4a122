/** Starts the webhook of dist/, and prints on its end which bundles it loaded. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Bundles, wrapped } from '../../../src/executable/bundles.ts';

const DIST = path.resolve(import.meta.dirname, '../../../dist');
const fileOf = (name: string): string => path.join(DIST, `${name}.cjs`);

const bundles = new Bundles(
  {
    source: (name) => (existsSync(fileOf(name)) ? wrapped(readFileSync(fileOf(name))) : undefined),
    cache: () => undefined,
  },
  createRequire(import.meta.url),
);
const runWebhook = bundles.load('webhook')['runWebhook'] as (
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
) => Promise<number>;
const code = await runWebhook(process.argv.slice(2), {});
process.stdout.write(`loaded ${[...bundles.scripts.keys()].sort().join(' ')}\n`);
process.exit(code);
