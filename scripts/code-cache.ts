/**
 * Writes the V8 code cache of the fetcher's bundles beside them. V8 accepts a cache from the same Node.js with the same
 * options only, so this runs under the Node.js that the executable contains, also inside the image's build. It runs one
 * whole fetch from the AWS fake first: functions that ran are in the cache compiled, the others would be compiled at every
 * start.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Bundles } from '../src/executable/bundles.ts';
import { makeFetchStage, planFor } from '../test/aws-fake/fetch-stage.ts';
import { CACHED } from './build-executable.ts';

type RunFetch = (argv: readonly string[], variables: Readonly<Record<string, string>>) => Promise<number>;

const [outDir = ''] = process.argv.slice(2);
const fileOf = (name: string): string => path.join(outDir, name);

for (const name of CACHED) rmSync(fileOf(`${name}.cache`), { force: true });
const bundles = new Bundles(
  {
    source: (name) => (existsSync(fileOf(`${name}.cjs`)) ? readFileSync(fileOf(`${name}.cjs`)) : undefined),
    cache: () => undefined,
  },
  createRequire(import.meta.url),
);
const stage = await makeFetchStage();
try {
  const plan = planFor(stage.standIn, 1, ['eu-west-1'], 2);
  const runFetch = bundles.load('fetch')['runFetch'] as RunFetch;
  const code = await runFetch(['--root', stage.root], stage.environment(plan, stage.standIn.port));
  if (code !== 0) throw new Error(`the fetcher ended with ${code} while its code cache was made`);
  for (const name of CACHED) {
    const script = bundles.scripts.get(name);
    if (script === undefined) throw new Error(`the fetcher did not load the bundle ${name}`);
    writeFileSync(fileOf(`${name}.cache`), script.createCachedData());
  }
} finally {
  await stage.stop();
}
// The fetcher relies on its exit to close what is idle.
process.exit();
