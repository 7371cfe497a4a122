/** Builds dist/ for tests that run what ships, unless it is newer than every source. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export function setup(): void {
  const build = path.resolve(import.meta.dirname, '../../scripts/ensure-build');
  const { status } = spawnSync(build, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`scripts/ensure-build ended with ${status}`);
}
