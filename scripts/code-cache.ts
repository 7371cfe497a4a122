/**
 * Writes the V8 code caches of the fetcher's bundles beside them: `node --random-seed=1 code-cache.cjs FOLDER`. V8 accepts
 * a cache from the same Node.js with the same options only, so this runs under the Node.js that the executable contains;
 * for the image of another platform, under emulation. It is a bundle, because the build runs it without node_modules.
 *
 * It runs one whole fetch from the AWS fake first: functions that ran are in the cache compiled, the others would be
 * compiled at every start.
 *
 * Two runs write the same bytes, so that the image is reproducible. This takes three measures:
 * - `--random-seed` fixes the order of tables in the heap. V8 does not compare this option with that of the cache.
 * - V8 does not compile in the background, discard or rate functions meanwhile: see STEADY.
 * - A function's number counts all functions, Node's own included, which run in varying order. A second isolate reads
 *   the caches without running anything, and writes them anew.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Bundles, wrapped } from '../src/executable/bundles.ts';
import { makeFetchStage, planFor } from '../test/aws-fake/fetch-stage.ts';
import { CACHED } from './shipped.ts';

type RunFetch = (argv: readonly string[], variables: Readonly<Record<string, string>>) => Promise<number>;

/** Options during the fetch. They end before a cache is written, because V8 compares the options with those of a cache. */
const STEADY = ['profile-guided-optimization', 'sparkplug', 'flush-bytecode'];

async function main(folder: string): Promise<void> {
  for (const name of CACHED) rmSync(cacheFile(folder, name), { force: true });
  for (const flag of STEADY) setFlagsFromString(`--no-${flag}`);
  const bundles = bundlesIn(folder);
  await fetchOnce(bundles);
  for (const flag of STEADY) setFlagsFromString(`--${flag}`);
  for (const name of CACHED) {
    const script = bundles.scripts.get(name);
    if (script === undefined) throw new Error(`the fetcher did not load the bundle ${name}`);
    writeFileSync(cacheFile(folder, name), script.createCachedData());
  }
  await new Promise((resolve, reject) => {
    new Worker(process.argv[1] ?? '', { workerData: folder }).on('exit', resolve).on('error', reject);
  });
}

async function fetchOnce(bundles: Bundles): Promise<void> {
  const stage = await makeFetchStage();
  try {
    const plan = planFor(stage.standIn, 1, ['eu-west-1'], 2);
    const runFetch = bundles.load('fetch')['runFetch'] as RunFetch;
    const code = await runFetch(['--root', stage.root], stage.environment(plan, stage.standIn.port));
    if (code !== 0) throw new Error(`the fetcher ended with ${code} while its code cache was made`);
  } finally {
    await stage.stop();
  }
}

function rewrite(folder: string): void {
  const bundles = bundlesIn(folder);
  for (const name of CACHED) {
    const script = bundles.compile(name);
    if (script.cachedDataRejected !== false) throw new Error(`V8 rejects the code cache of ${name}`);
    writeFileSync(cacheFile(folder, name), script.createCachedData());
  }
}

function bundlesIn(folder: string): Bundles {
  return new Bundles(
    {
      source: (name) => {
        const bundle = readIfThere(path.join(folder, `${name}.cjs`));
        return bundle === undefined ? undefined : wrapped(bundle);
      },
      cache: (name) => readIfThere(cacheFile(folder, name)),
    },
    (id) => process.getBuiltinModule(id),
  );
}

function cacheFile(folder: string, name: string): string {
  return path.join(folder, `${name}.cache`);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

if (isMainThread) {
  const [folder = ''] = process.argv.slice(2);
  void main(folder).then(
    // The fetcher relies on its exit to close what is idle.
    () => process.exit(),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
} else {
  rewrite(workerData as string);
}
