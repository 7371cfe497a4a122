/** Builds the fetcher's bundles and the V8 code caches for those that every run loads. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };
import { PLAIN_REQUIRES } from './plain-requires.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Replaces the default credential chain of the AWS SDK. */
export const NO_CREDENTIAL_CHAIN = {
  '@aws-sdk/credential-provider-node': path.join(ROOT, 'src/aws/calls/no-credential-chain.ts'),
};

/** No operation of Secrets Manager has an event stream. Their code would load `node:zlib`. */
const NO_EVENT_STREAMS = {
  '@smithy/core/event-streams': path.join(ROOT, 'src/aws/calls/no-event-streams.ts'),
};

const OPTIONS: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  plugins: [PLAIN_REQUIRES],
  // Bundles are loaded by vm.Script, which has no loader for import().
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  define: { __VERSION__: JSON.stringify(packageJson.version) },
};

/**
 * `fetch.cjs`: builtins alone, so that it is running a few milliseconds after Node is. `secrets-manager.cjs`: the SDK.
 * `refresh.cjs`, `refresh-look.cjs` and `refresh-status.cjs`: sidecar mode. `jmespath.cjs` and `template.cjs`: for plans that need them. `fetch-trace.cjs`: for operators who trace.
 */
export async function buildFetcher(outDir: string): Promise<void> {
  const bundles: Readonly<Record<string, BuildOptions>> = {
    fetch: { entryPoints: ['src/fetcher/entry.ts'] },
    'secrets-manager': {
      entryPoints: ['src/aws/calls/secrets-manager.ts'],
      alias: { ...NO_CREDENTIAL_CHAIN, ...NO_EVENT_STREAMS },
      // The SDK looks for `crypto.randomUUID` when it is loaded, and Node.js would load the Web Crypto API for that.
      define: { ...OPTIONS.define, crypto: 'undefined' },
    },
    jmespath: { entryPoints: ['src/core/jmespath/index.ts'] },
    template: { entryPoints: ['src/core/template/index.ts'] },
    refresh: { entryPoints: ['src/fetcher/refresh/sidecar-program.ts'] },
    'refresh-look': { entryPoints: ['src/fetcher/refresh/look-program.ts'] },
    'refresh-status': { entryPoints: ['src/fetcher/refresh/status-program.ts'] },
    'fetch-trace': { entryPoints: ['src/fetcher/trace/send-trace.ts'] },
  };
  for (const [name, options] of Object.entries(bundles)) {
    const result = await build({ ...OPTIONS, ...options, outfile: path.join(outDir, `${name}.cjs`) });
    await writeFile(path.join(outDir, `${name}.meta.json`), JSON.stringify(result.metafile));
  }
}

/** The program that makes the code caches, as one file that needs no node_modules. */
export async function buildCodeCacheProgram(outDir: string): Promise<void> {
  const options: BuildOptions = { ...OPTIONS, keepNames: true, metafile: false };
  await build({
    ...options,
    entryPoints: ['scripts/code-cache.ts'],
    outfile: path.join(outDir, 'code-cache.cjs'),
  });
}

/**
 * Makes the code caches with the Node that will run the bundles: V8 takes them only from the same version and flags.
 * @param node path of that Node
 */
export function makeCodeCache(outDir: string, node: string): void {
  execFileSync(node, ['--random-seed=1', path.join(outDir, 'code-cache.cjs'), outDir], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {},
  });
}
