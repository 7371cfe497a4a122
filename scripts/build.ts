/**
 * Builds every bundle, and the executable that contains them, into dist/. One bundle for each program, so that what a
 * program may contain can be checked: see scripts/check-bundles.ts.
 *
 * The image's build has two steps, because only the code caches between them need the Node.js of the image's platform:
 * `node scripts/build.ts bundles` and `node scripts/build.ts executable NODE`.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };
import { buildExecutable } from './build-executable.ts';
import { buildCodeCacheProgram, buildFetcher, makeCodeCache, NO_CREDENTIAL_CHAIN } from './build-fetcher.ts';
import { PLAIN_REQUIRES } from './plain-requires.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Makes each of these modules a bundle of its own, which another bundle loads when it needs it. */
const SEPARATE: Plugin = {
  name: 'separate bundles',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/(?:x509|opentelemetry|inventory)\.ts$/ }, ({ kind, path: module }) =>
      kind === 'dynamic-import'
        ? { path: `./${path.basename(module, '.ts')}.cjs`, external: true }
        : undefined,
    ),
};

/** Settings that all bundles share. Bundles are CommonJS: they start a few milliseconds sooner than modules. */
export const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  loader: { '.yaml': 'text', '.css': 'text', '.client.js': 'text' },
  metafile: true,
  plugins: [SEPARATE, PLAIN_REQUIRES],
  // Bundles are loaded by vm.Script, which has no loader for import().
  supported: { 'dynamic-import': false },
  define: { __VERSION__: JSON.stringify(packageJson.version) },
};

/** The entry of the executable, and the bundles besides those of the fetcher. Only the bundle of the demo may contain the AWS fake. */
export const BUNDLES: Readonly<Record<string, string>> = {
  main: 'src/executable/main.ts',
  webhook: 'src/webhook/main.ts',
  cli: 'src/cli/main.ts',
  check: 'src/kubelet-check/main.ts',
  x509: 'src/runtime/x509.ts',
  opentelemetry: 'src/webhook/traces/opentelemetry.ts',
  rollout: 'src/rollout/main.ts',
  inventory: 'src/inventory/inventory.ts',
  demo: 'test/demo/main.ts',
};

/** Settings of single bundles. The AWS SDK is smaller as modules, and must not bring its credential chain. */
const SPECIAL: Readonly<Record<string, BuildOptions>> = {
  rollout: { mainFields: ['module', 'main'], alias: NO_CREDENTIAL_CHAIN },
  inventory: { mainFields: ['module', 'main'], alias: NO_CREDENTIAL_CHAIN },
};

/** Builds the bundles. @param outDir where they go; what was there is replaced */
async function buildBundles(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  await Promise.all([
    ...Object.entries(BUNDLES).map(async ([name, entry]) => {
      const result = await build({
        ...SHARED,
        ...SPECIAL[name],
        entryPoints: [entry],
        outfile: path.join(outDir, `${name}.cjs`),
      });
      await writeFile(path.join(outDir, `${name}.meta.json`), JSON.stringify(result.metafile));
    }),
    buildFetcher(outDir),
    buildCodeCacheProgram(outDir),
  ]);
}

async function main(step: string | undefined, node: string | undefined): Promise<void> {
  const outDir = path.join(ROOT, 'dist');
  if (step === 'bundles') return buildBundles(outDir);
  if (step === 'executable' && node !== undefined) return buildExecutable(outDir, node);
  if (step !== undefined) throw new Error('usage: node scripts/build.ts [bundles | executable NODE]');
  await buildBundles(outDir);
  makeCodeCache(outDir, process.execPath);
  await buildExecutable(outDir, process.execPath);
}

await main(process.argv[2], process.argv[3]);
