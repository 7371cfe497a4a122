/**
 * Writes the licences of every package that the image's bundles contain, read from esbuild's own account of what went
 * in: a list kept by hand would be wrong after the next update.
 */
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundledPackages, ROOT } from './bundled-packages.ts';

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

const [target] = process.argv.slice(2);
if (target === undefined) {
  process.stderr.write('usage: node scripts/third-party-notices.ts FILE\n');
  process.exitCode = 2;
} else {
  const head = 'This product contains the packages below. Node.js has a file of its own, NODE-LICENSE.txt.\n';
  writeFileSync(target, [head, ...bundledPackages().map(notice), ...portNotices()].join('\n'));
}
