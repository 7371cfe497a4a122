/** The packages that the bundles of the image contain, read from esbuild's own account of what went in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SHIPPED } from './shipped.ts';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** @returns folders of packages, such as `node_modules/pino`, sorted */
export function bundledPackages(): readonly string[] {
  const folders = new Set<string>();
  for (const bundle of ['main', ...SHIPPED]) {
    const file = path.join(ROOT, 'dist', `${bundle}.meta.json`);
    const meta = JSON.parse(readFileSync(file, 'utf8')) as { inputs: object };
    for (const input of Object.keys(meta.inputs)) {
      // The last one: a package can contain other packages.
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/@]+)\//.exec(input) ?? [];
      if (folder !== undefined) folders.add(folder);
    }
  }
  return [...folders].sort();
}
