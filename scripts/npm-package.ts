/**
 * Builds the npm package, a folder for `npm pack` and `npm publish`: the library for programs that generate manifests, with
 * its types, and the command line. It has no dependencies, because everything is bundled: a program that uses only the
 * library installs nothing else. Run it after `scripts/build.ts`.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };
import { COMPLETE } from '../src/cli/completion/scripts.ts';
import { type Metafile, packagesIn, ROOT } from './bundled-packages.ts';
import { writeTypes } from './library-types.ts';
import { writeManPages } from './man-pages.ts';
import { notices } from './third-party-notices.ts';

const COPIED = ['README.md', 'CHANGELOG.md', 'LICENSE'];

/** The command line, and the bundles that its commands `certs` and `audit` load. */
const BUNDLES = ['cli', 'x509', 'inventory'];

const LAUNCHER = `#!/usr/bin/env node
import '../lib/cli.cjs';
`;

const COMPLETER = `#!/usr/bin/env node
process.argv.splice(2, 0, '${COMPLETE}');
await import('../lib/cli.cjs');
`;

/** The programs of the package. kubectl finds the last two for the command \`kubectl aws-secrets\`. */
const PROGRAMS: Readonly<Record<string, string>> = {
  [packageJson.name]: LAUNCHER,
  'kubectl-aws_secrets': LAUNCHER,
  'kubectl_complete-aws_secrets': COMPLETER,
};

/** Builds the package. @param outDir where it goes; what was there is replaced */
export async function buildNpmPackage(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  for (const folder of ['bin', 'lib/library', 'lib/types'])
    mkdirSync(path.join(outDir, folder), { recursive: true });
  const library = await buildLibrary(path.join(outDir, 'lib/library'));
  writeTypes(path.join(outDir, 'lib/types'));
  for (const name of BUNDLES) {
    const file = path.join(ROOT, `dist/${name}.cjs`);
    if (!existsSync(file)) throw new Error(`${file} does not exist: run node scripts/build.ts first`);
    cpSync(file, path.join(outDir, `lib/${name}.cjs`));
  }
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(path.join(outDir, 'bin', name), text);
  const pages = await writeManPages(path.join(outDir, 'man'));
  cpSync(path.join(ROOT, 'schema'), path.join(outDir, 'schema'), { recursive: true });
  for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(outDir, name));
  const metafiles = BUNDLES.map(
    (name) => JSON.parse(readFileSync(path.join(ROOT, `dist/${name}.meta.json`), 'utf8')) as Metafile,
  );
  const head = 'This package contains the packages below.\n';
  writeFileSync(
    path.join(outDir, 'THIRD-PARTY-NOTICES.txt'),
    [head, notices(packagesIn([...metafiles, library]))].join('\n'),
  );
  writeFileSync(path.join(outDir, 'package.json'), `${JSON.stringify(manifest(pages), undefined, 2)}\n`);
  // npm packs the modes of files, which depend on the umask.
  for (const file of readdirSync(outDir, { recursive: true, withFileTypes: true }))
    if (file.isFile())
      chmodSync(path.join(file.parentPath, file.name), file.parentPath.endsWith('/bin') ? 0o755 : 0o644);
}

/** A module for each file, so that a bundler drops what a program does not use. */
async function buildLibrary(outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['index', 'annotate', 'check', 'request', 'secret'].map((name) => `src/library/${name}.ts`),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  return metafile;
}

/** @param pages names of manual pages */
function manifest(pages: readonly string[]): object {
  const { name, version, description, license, engines } = packageJson;
  return {
    name,
    version,
    description,
    license,
    engines,
    keywords: ['kubernetes', 'aws', 'secrets-manager', 'cdk8s', 'pulumi', 'kubectl-plugin'],
    type: 'module',
    sideEffects: false,
    bin: Object.fromEntries(Object.keys(PROGRAMS).map((program) => [program, `bin/${program}`])),
    man: pages.map((page) => `man/${page}`),
    exports: {
      '.': { types: './lib/types/library/index.d.ts', default: './lib/library/index.js' },
      './schema/*': './schema/*',
      './package.json': './package.json',
    },
  };
}

if (import.meta.main) await buildNpmPackage(path.join(ROOT, 'dist/npm'));
