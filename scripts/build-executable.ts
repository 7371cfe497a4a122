/**
 * Builds the single executable: the pinned Node.js with all programs of the image as its assets. It is what ships, and what
 * the demo, the benches and the tests run.
 *
 * Node.js 24 makes the blob; postject, which its documentation names for this step, puts the blob into a copy of the binary.
 */
import { execFileSync } from 'node:child_process';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'postject';

/** The name of the executable in dist/ and in /app of the image. */
export const EXECUTABLE = 'aws-secrets-injector';

/** The bundles that ship. The demo, with its AWS fake, is not among them. */
export const SHIPPED = [
  'cli',
  'webhook',
  'fetch',
  'secrets-manager',
  'jmespath',
  'template',
  'check',
  'x509',
  'opentelemetry',
  'fetch-trace',
];
/** Bundles whose code cache makes up for its size: every pod waits for them. */
export const CACHED = ['fetch', 'secrets-manager'];

const BLOB = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Options of the executable. Options of V8 must not be among them, because its code cache fits one set of them only.
 * No configuration of OpenSSL is read, wherever OPENSSL_CONF points.
 */
const NODE_OPTIONS = ['--disable-sigusr1', '--openssl-config=/dev/null'];

/** @param outDir has the bundles and caches @param node the Node.js that made the caches, which the executable contains */
export async function buildExecutable(outDir: string, node: string): Promise<void> {
  const config = path.join(outDir, 'executable.json');
  const blob = path.join(outDir, 'executable.blob');
  const file = path.join(outDir, EXECUTABLE);
  const assets = [...SHIPPED.map((name) => `${name}.cjs`), ...CACHED.map((name) => `${name}.cache`)];
  await writeFile(
    config,
    JSON.stringify({
      main: path.join(outDir, 'main.cjs'),
      output: blob,
      disableExperimentalSEAWarning: true,
      // The entry is small, and Node.js prints a warning for each start at which V8 rejects this cache.
      useCodeCache: false,
      execArgv: NODE_OPTIONS,
      // The environment cannot add options; the Deployment of the webhook uses the flag --node-options.
      execArgvExtension: 'cli',
      assets: Object.fromEntries(assets.map((name) => [name, path.join(outDir, name)])),
    }),
  );
  // Its output, a progress message on stderr, becomes part of the error if it fails.
  execFileSync(node, ['--experimental-sea-config', config], { stdio: 'pipe', env: {} });
  await copyFile(node, file);
  await quietly(async () => inject(file, BLOB, await readFile(blob), { sentinelFuse: FUSE }));
  await Promise.all([config, blob].map((one) => rm(one)));
}

/** postject's ELF library warns of a section of Node's binary that it does not need. */
async function quietly(work: () => Promise<void>): Promise<void> {
  const { warn, error } = console;
  console.warn = console.error = () => undefined;
  try {
    await work();
  } finally {
    Object.assign(console, { warn, error });
  }
}
