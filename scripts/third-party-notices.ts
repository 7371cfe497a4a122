/**
 * The licenses of every package that bundles contain, read from esbuild's own account of what went in: a list kept by
 * hand would be wrong after the next update.
 */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './bundled-packages.ts';

const LICENCE_FILE = /^(?:licen[cs]e|notice|copying)(?:$|[.-])/i;
const RULE = '-'.repeat(100);

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

function notice(folder: string): string {
  const absolute = path.join(ROOT, folder);
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(absolute, 'package.json'), 'utf8'),
  ) as PackageJson;
  const texts = readdirSync(absolute)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(path.join(absolute, file), 'utf8').trim());
  // A package without a declared license must not be distributed, so the build stops.
  if (license === undefined && texts.length === 0) throw new Error(`${folder} declares no licence`);
  return [RULE, `${name} ${version} (${license ?? 'see below'})`, '', ...texts, ''].join('\n');
}

/** The license of the source folders that follow the code of another project. */
function portNotices(): readonly string[] {
  return globSync('src/**/LICENSE', { cwd: ROOT })
    .sort()
    .map((file) =>
      [
        RULE,
        `${path.dirname(file)}: ported code`,
        '',
        readFileSync(path.join(ROOT, file), 'utf8').trim(),
        '',
      ].join('\n'),
    );
}

/** The licenses of packages and of ported code. @param folders of packages, such as `node_modules/pino` */
export function notices(folders: readonly string[]): string {
  return [...folders.map(notice), ...portNotices()].join('\n');
}
