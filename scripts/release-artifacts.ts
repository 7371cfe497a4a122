/** Builds the files of a release. Two builds of a commit write the same bytes. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { notesOf } from './changelog.ts';
import { readImageFile, readOciLayout } from './oci-archive.ts';

const NAME = 'aws-secrets-injector';
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
  const digest = describeImages(archive, file);
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
  { localBase, source, signal }: ArtifactOptions,
): Promise<void> {
  const args = ['--engine', 'buildah', '--platform', PLATFORMS.join(','), '--tag', `${NAME}:${version}`];
  args.push('--output', `oci-archive:${archive}`);
  if (localBase) args.push('--local-base');
  if (source !== undefined) args.push('--source', source);
  // A group of its own, so that the signal reaches the builders as well.
  const child = spawn(path.join(tree, 'scripts/image'), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop);
  const [status] = await once(child, 'close');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (status !== 0) throw new Error(`scripts/image ended with ${status}`);
}

/** Writes the SBOM of each image beside it. @returns the digest of the index */
function describeImages(archive: string, file: (suffix: string) => string): string {
  const layout = mkdtempSync(path.join(tmpdir(), `${NAME}-layout-`));
  try {
    execFileSync('tar', ['--extract', '--file', archive, '--directory', layout]);
    const { digest, images } = readOciLayout(layout);
    for (const image of images)
      writeFileSync(
        file(`-${image.platform.replace('/', '-')}.spdx.json`),
        readImageFile(layout, image, 'licenses/sbom.spdx.json'),
      );
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
