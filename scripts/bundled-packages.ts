/** The packages that the bundles of the image contain, read from esbuild's own account of what went in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SHIPPED } from './shipped.ts';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** What esbuild says about a bundle. */
export interface Metafile {
  readonly inputs: object;
}

/** The packages in the bundles of the image. @returns folders of packages, such as `node_modules/pino`, sorted */
export function bundledPackages(bundles: readonly string[] = ['main', ...SHIPPED]): readonly string[] {
  return packagesIn(
    bundles.map((bundle) => {
      const file = path.join(ROOT, 'dist', `${bundle}.meta.json`);
      return JSON.parse(readFileSync(file, 'utf8')) as Metafile;
    }),
  );
}

/** The packages in some bundles. @returns folders of packages, sorted */
export function packagesIn(metafiles: readonly Metafile[]): readonly string[] {
  const folders = new Set<string>();
  for (const { inputs } of metafiles)
    for (const input of Object.keys(inputs)) {
      // The last one: a package can contain other packages.
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/@]+)\//.exec(input) ?? [];
      if (folder !== undefined) folders.add(folder);
    }
  return [...folders].sort();
}
