/**
 * Builds the single executable: the pinned Node.js with all programs of the image as its assets. It is what ships, and what
 * the demo, the benches and the tests run.
 *
 * Node.js 24 makes the blob; postject, which its documentation names for this step, puts the blob into a copy of the binary.
 */
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'postject';
import { wrapped } from '../src/executable/bundles.ts';
import { CACHED, EXECUTABLE, SHIPPED } from './shipped.ts';
import { stripSymbols } from './strip-symbols.ts';

const BLOB = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Options of the executable. Options of V8 must not be among them, because its code cache fits one set of them only.
 * - No configuration of OpenSSL is read, wherever OPENSSL_CONF points.
 * - Node.js does not read its public certificate authorities in another thread: see src/executable/certificate-authorities.ts.
 *   With NODE_USE_SYSTEM_CA=1 in the environment, it would end, because the two options exclude each other.
 * - V8 has one thread for compiling and collecting garbage instead of four: programs that end at once would mostly start them.
 *   The Deployments set their own number.
 */
const NODE_OPTIONS = [
  '--disable-sigusr1',
  '--openssl-config=/dev/null',
  '--use-openssl-ca',
  '--no-use-system-ca',
  '--v8-pool-size=1',
];

/**
 * @param outDir has the bundles and caches
 * @param node the Node.js that made the caches, which the executable contains; it can be that of another platform
 */
export async function buildExecutable(outDir: string, node: string): Promise<void> {
  const config = path.join(outDir, 'executable.json');
  const blob = path.join(outDir, 'executable.blob');
  const file = path.join(outDir, EXECUTABLE);
  const bundles = SHIPPED.map((name) => `${name}.cjs`);
  const caches = CACHED.map((name) => `${name}.cache`);
  const wrappedFile = (name: string): string => `${name}.wrapped`;
  for (const name of bundles)
    await writeFile(path.join(outDir, wrappedFile(name)), wrapped(await readFile(path.join(outDir, name))));
  await writeFile(
    config,
    JSON.stringify({
      // Relative to outDir, because the blob contains this path.
      main: 'main.cjs',
      output: path.basename(blob),
      disableExperimentalSEAWarning: true,
      // The entry is small, and Node.js prints a warning for each start at which V8 rejects this cache.
      useCodeCache: false,
      execArgv: NODE_OPTIONS,
      // The environment cannot add options; the Deployment of the webhook uses the flag --node-options.
      execArgvExtension: 'cli',
      assets: Object.fromEntries([
        ...bundles.map((name) => [name, wrappedFile(name)]),
        ...caches.map((name) => [name, name]),
      ]),
    }),
  );
  // The blob is the same for all platforms. What Node.js prints, progress on stderr, becomes part of the error if it
  // fails.
  const args = ['--experimental-sea-config', path.basename(config)];
  execFileSync(process.execPath, args, { cwd: outDir, stdio: 'pipe', env: {} });
  await writeFile(file, stripSymbols(await readFile(node)), { mode: 0o755 });
  await quietly(async () => inject(file, BLOB, await readFile(blob), { sentinelFuse: FUSE }));
  const leftovers = [config, blob, ...bundles.map((name) => path.join(outDir, wrappedFile(name)))];
  await Promise.all(leftovers.map((one) => rm(one)));
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
