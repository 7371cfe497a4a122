/** Images for pods, built from this machine's static busybox without a registry or an image builder. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PAUSE_IMAGE } from './node-configuration.ts';
import { findProgram } from './toolchain/packages.ts';

/** The image of test pods, with all busybox programs in /bin. */
export const BUSYBOX_IMAGE = 'localhost/busybox:1';
const ARCHIVE = 'images.tar';

/** The archive of both images. @param directory of the run */
export function busyboxArchive(directory: string): string {
  return path.join(directory, 'images', ARCHIVE);
}

/** Writes both images as `docker save` would. @throws Error without a static busybox */
export function writeBusyboxImages(directory: string): void {
  const busybox = findProgram('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed');
  const folder = path.join(directory, 'images');
  const rootfs = path.join(folder, 'rootfs');
  for (const each of ['bin', 'etc']) mkdirSync(path.join(rootfs, each), { recursive: true });
  mkdirSync(path.join(rootfs, 'tmp'));
  // Not in mkdir, where the umask applies and only root could write there.
  chmodSync(path.join(rootfs, 'tmp'), 0o1777);
  copyFileSync(busybox, path.join(rootfs, 'bin/busybox'));
  const { stdout } = spawnSync(busybox, ['--list'], { encoding: 'utf8' });
  for (const name of stdout.split('\n').filter((each) => each !== '' && each !== 'busybox'))
    symlinkSync('busybox', path.join(rootfs, 'bin', name));
  writeFileSync(path.join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  writeFileSync(path.join(rootfs, 'etc/group'), 'root:x:0:\n');
  const config = { Env: ['PATH=/bin'] };
  writeImages(folder, rootfs, [
    { tag: BUSYBOX_IMAGE, config: { ...config, Cmd: ['/bin/sh'] } },
    // The first process of a sandbox only has to run until the container runtime kills it.
    { tag: PAUSE_IMAGE, config: { ...config, Cmd: ['/bin/sleep', 'infinity'] } },
  ]);
}

export interface Image {
  readonly tag: string;
  /** As in the OCI image specification. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Writes images with the same single layer.
 * @param folder for the archive and its parts
 * @returns an archive as `docker save` writes it
 */
export function writeImages(folder: string, rootfs: string, images: readonly Image[]): string {
  const layer = path.join(folder, 'layer.tar');
  tar(rootfs, layer, ['.']);
  const digest = createHash('sha256').update(readFileSync(layer)).digest('hex');
  const manifest = images.map(({ tag, config }, index) => {
    const configuration = {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    };
    writeFileSync(path.join(folder, `${index}.json`), JSON.stringify(configuration));
    return { Config: `${index}.json`, RepoTags: [tag], Layers: ['layer.tar'] };
  });
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  const archive = path.join(folder, ARCHIVE);
  tar(folder, archive, ['manifest.json', ...manifest.map(({ Config }) => Config), 'layer.tar']);
  return archive;
}

function tar(folder: string, archive: string, names: readonly string[]): void {
  const args = ['--create', '--owner=0', '--group=0', '--numeric-owner', `--file=${archive}`];
  const { status, stderr } = spawnSync('tar', [...args, `--directory=${folder}`, ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
}
