/** Images for pods, made from this machine's static busybox without a registry or a builder. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PAUSE_IMAGE } from './node-configuration.ts';
import { findProgram } from './toolchain/packages.ts';

/** For test pods, with every program of busybox in /bin. */
export const BUSYBOX_IMAGE = 'localhost/busybox:1';

/** Writes both images as `docker save` would. @returns the archive @throws Error without a static busybox */
export function writeBusyboxImages(directory: string): string {
  const busybox = findProgram('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed');
  const folder = path.join(directory, 'images');
  const rootfs = path.join(folder, 'rootfs');
  for (const each of ['bin', 'etc']) mkdirSync(path.join(rootfs, each), { recursive: true });
  mkdirSync(path.join(rootfs, 'tmp'));
  // Not when it is made: that mode is cut by the umask, and nobody but root could write there.
  chmodSync(path.join(rootfs, 'tmp'), 0o1777);
  copyFileSync(busybox, path.join(rootfs, 'bin/busybox'));
  const { stdout } = spawnSync(busybox, ['--list'], { encoding: 'utf8' });
  for (const name of stdout.split('\n').filter((each) => each !== '' && each !== 'busybox'))
    symlinkSync('busybox', path.join(rootfs, 'bin', name));
  writeFileSync(path.join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  writeFileSync(path.join(rootfs, 'etc/group'), 'root:x:0:\n');
  tar(rootfs, path.join(folder, 'layer.tar'), ['.']);

  const digest = createHash('sha256')
    .update(readFileSync(path.join(folder, 'layer.tar')))
    .digest('hex');
  const manifest = [
    writeConfiguration(folder, 'busybox', BUSYBOX_IMAGE, digest, ['/bin/sh']),
    // A sandbox's first process only has to be there; kubelet's runtime kills it.
    writeConfiguration(folder, 'pause', PAUSE_IMAGE, digest, ['/bin/sleep', 'infinity']),
  ];
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  const archive = path.join(folder, 'images.tar');
  tar(folder, archive, ['manifest.json', 'busybox.json', 'pause.json', 'layer.tar']);
  return archive;
}

function writeConfiguration(
  folder: string,
  name: string,
  tag: string,
  layerDigest: string,
  command: readonly string[],
): { readonly Config: string; readonly RepoTags: readonly string[]; readonly Layers: readonly string[] } {
  const configuration = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: command, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
  };
  writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(configuration));
  return { Config: `${name}.json`, RepoTags: [tag], Layers: ['layer.tar'] };
}

function tar(folder: string, archive: string, names: readonly string[]): void {
  const args = ['--create', '--owner=0', '--group=0', '--numeric-owner', `--file=${archive}`];
  const { status, stderr } = spawnSync('tar', [...args, `--directory=${folder}`, ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
}
