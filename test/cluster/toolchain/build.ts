/** Builds a set of Go modules once, into the user's cache folder. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ModuleSet } from './versions.ts';

/** The folder of the programs, outside the checkout, so that a new clone does not rebuild them. */
export function cacheFolder(modules: ModuleSet): string {
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  const hash = createHash('sha256').update(modules.buildFlags.join(' '));
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(path.join(modules.folder, file)));
  const key = `${modules.name}-${modules.version}-${hash.digest('hex').slice(0, 12)}`;
  return path.join(cache, 'aws-secrets-injector/cluster', key);
}

export function isBuilt(modules: ModuleSet): boolean {
  return existsSync(cacheFolder(modules));
}

/**
 * Builds the programs if they are missing, with progress on stderr.
 * @returns the folder of the programs
 * @throws Error with the end of Go's error output
 */
export async function build(modules: ModuleSet): Promise<string> {
  const target = cacheFolder(modules);
  if (existsSync(target)) return target;
  mkdirSync(path.dirname(target), { recursive: true });
  const partial = mkdtempSync(`${target}.partial-`);
  const name = `${modules.name} ${modules.version}`;
  process.stderr.write(`building ${name}, about ${modules.minutes} min the first time …\n`);
  const started = performance.now();
  try {
    await goBuild(modules, partial);
    renameUnlessThere(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`built ${name} in ${seconds} s\n`);
  return target;
}

async function goBuild(modules: ModuleSet, output: string): Promise<void> {
  const args = ['build', '-trimpath', '-buildvcs=false', ...modules.buildFlags, '-o', `${output}/`];
  const go = spawn('go', [...args, ...modules.packages], {
    cwd: modules.folder,
    // Flags and workspaces of the user must not affect this build.
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  go.stderr.on('data', (data: Buffer) => {
    said = (said + data).slice(-8000);
  });
  const [code] = await once(go, 'close');
  if (code !== 0) throw new Error(`go build of ${modules.name} ended with ${code}:\n${said}`);
}

// Another run may have built the same programs first: its folder is equivalent.
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
