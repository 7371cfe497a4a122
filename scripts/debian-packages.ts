/** The packages of a Debian file system, read from its list. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/**
 * @param folder `/var/lib/dpkg`, with the file `status`, or, in images without a package manager, the folder `status.d`
 * @returns the packages, sorted by name
 * @throws Error if there is none: a list that is missing must not look like an empty one
 */
export function debianPackages(folder: string): readonly DebianPackage[] {
  const status = path.join(folder, 'status');
  const single = path.join(folder, 'status.d');
  const files = [
    ...(existsSync(status) ? [status] : []),
    ...(existsSync(single) ? readdirSync(single).map((name) => path.join(single, name)) : []),
  ].filter((file) => !file.endsWith('.md5sums'));
  const packages = files
    .flatMap((file) => readFileSync(file, 'utf8').split(/\n{2,}/))
    .flatMap((paragraph) => {
      const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'm').exec(paragraph)?.[1];
      const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
      return name === undefined || version === undefined || architecture === undefined
        ? []
        : [{ name, version, architecture }];
    });
  if (packages.length === 0) throw new Error(`${folder} lists no Debian package`);
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}
