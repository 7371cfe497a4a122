/** Builds the files of a release. Two builds of a commit write the same bytes. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { notesOf } from './changelog.ts';
import { packCommandLine } from './command-line-archive.ts';
import { readImageFile, readOciLayout } from './oci-archive.ts';
import { EXECUTABLE } from './shipped.ts';

const NAME = 'aws-secrets-injector';
/** Of the executable, in the folder licenses of the image. */
const LICENSES = ['THIRD-PARTY-NOTICES.txt', 'NODE-LICENSE.txt'];
const PLATFORMS = ['linux/amd64', 'linux/arm64'];

export interface ArtifactOptions {
  readonly localBase: boolean;
  readonly source: string | undefined;
  /** Ends the build of the images, which takes minutes. */
  readonly signal: AbortSignal;
}

/**
 * @param tree a worktree of the commit, without changes
 * @param output an empty folder
 * @returns the digest of the image
 */
export async function buildArtifacts(
  tree: string,
  output: string,
  version: string,
  options: ArtifactOptions,
): Promise<string> {
  const file = (suffix: string): string => path.join(output, `${NAME}-${version}${suffix}`);
  const notes = notesOf(readFileSync(path.join(tree, 'CHANGELOG.md'), 'utf8'), version);
  if (notes === undefined) throw new Error(`CHANGELOG.md has no section for ${version}`);
  writeFileSync(file('-notes.md'), `${notes}\n`);
  packFolder(tree, 'manifests', file('-manifests.tar.gz'), `${NAME}-${version}/`, [':!manifests/chart']);
  // The layout that `helm package` writes, without its times.
  if (existsSync(path.join(tree, 'manifests/chart')))
    packFolder(path.join(tree, 'manifests/chart'), '.', file('.tgz'), `${NAME}/`, [':!.helmignore']);
  const archive = file('.oci.tar');
  await buildImages(tree, archive, version, options);
  await packNpmPackage(tree, { file: file('-npm.tgz'), signal: options.signal });
  const digest = unpackImages(archive, tree, file);
  writeFileSync(file('-image-digest.txt'), `${digest}\n`);
  const sums = readdirSync(output)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(path.join(output, name)))
          .digest('hex')}  ${name}\n`,
    );
  writeFileSync(path.join(output, 'SHA256SUMS'), sums.join(''));
  return digest;
}

async function buildImages(
  tree: string,
  archive: string,
  version: string,
  options: ArtifactOptions,
): Promise<void> {
  const args = ['--engine', 'buildah', '--platform', PLATFORMS.join(','), '--tag', `${NAME}:${version}`];
  args.push('--output', `oci-archive:${archive}`);
  if (options.localBase) args.push('--local-base');
  if (options.source !== undefined) args.push('--source', options.source);
  await run(tree, options.signal, 'scripts/image', ...args);
}

/** Runs a program of the tree to its end. @returns its output */
async function run(
  tree: string,
  signal: AbortSignal,
  program: string,
  ...args: readonly string[]
): Promise<string> {
  signal.throwIfAborted();
  // A group of its own, so that the signal reaches the builders as well.
  const child = spawn(program, args, { cwd: tree, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop);
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data;
  });
  const [status] = await once(child, 'close');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
  return output;
}

/** The npm package. `npm pack` writes neither times nor owners. */
async function packNpmPackage(
  tree: string,
  { file, signal }: { readonly file: string; readonly signal: AbortSignal },
): Promise<void> {
  await run(tree, signal, 'scripts/ensure-build');
  await run(tree, signal, 'scripts/with-node', 'node', 'scripts/npm-package.ts');
  // Not into the output: the package has the name of the chart's file.
  const folder = path.join(tree, 'dist');
  const options = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const packed = await run(tree, signal, 'npm', 'pack', './dist/npm', ...options);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  renameSync(path.join(folder, filename), file);
}

/**
 * Writes the SBOM of each image beside it, and the command line for its platform.
 * @param tree after the npm package was built, with its manual pages
 * @returns the digest of the index
 */
function unpackImages(archive: string, tree: string, file: (suffix: string) => string): string {
  const layout = mkdtempSync(path.join(tmpdir(), `${NAME}-layout-`));
  try {
    execFileSync('tar', ['--extract', '--file', archive, '--directory', layout]);
    const { digest, images } = readOciLayout(layout);
    const time = Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: tree, encoding: 'utf8' }));
    for (const image of images) {
      const platform = image.platform.replace('/', '-');
      const read = (name: string) => readImageFile(layout, image, name);
      writeFileSync(file(`-${platform}.spdx.json`), read('licenses/sbom.spdx.json'));
      packCommandLine(file(`-${platform}.tar.gz`), path.basename(file(`-${platform}`)), {
        executable: read(`app/${EXECUTABLE}`),
        man: path.join(tree, 'dist/npm/man'),
        licenses: {
          LICENSE: readFileSync(path.join(tree, 'LICENSE')),
          ...Object.fromEntries(LICENSES.map((name) => [name, read(`licenses/${name}`)])),
        },
        time,
      });
    }
    return digest;
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

/** Packs the committed files of a folder. Git writes the time of the commit, and gzip none. */
function packFolder(
  tree: string,
  folder: string,
  file: string,
  prefix: string,
  without: readonly string[],
): void {
  const args = ['archive', '--format', 'tar', '--prefix', prefix, 'HEAD', '--', folder, ...without];
  const tar = execFileSync('git', args, { cwd: tree, maxBuffer: 1 << 28 });
  writeFileSync(file, execFileSync('gzip', ['--no-name', '--best'], { input: tar, maxBuffer: 1 << 28 }));
}
