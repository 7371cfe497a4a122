/** An application as a single static Go program, in an image without a shell and in one with a shell. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { writeImages } from '../images.ts';
import { build, isBuilt } from '../toolchain/build.ts';
import { findProgram } from '../toolchain/packages.ts';
import { sourceModules } from '../toolchain/versions.ts';

/** Contains only the program. */
export const STATIC_IMAGE = 'localhost/static-application:1';
/** Contains /bin/sh as well. */
export const STATIC_IMAGE_WITH_SHELL = 'localhost/static-application:with-shell';
export const APPLICATION = '/application';

const MODULES = sourceModules('static-application', path.join(import.meta.dirname, 'application'), 1);

/** Why the program cannot be built here, as a reason to skip tests; undefined if it exists or can be built. */
export function staticApplicationUnavailable(): string | undefined {
  if (isBuilt(MODULES) || spawnSync('go', ['version']).status === 0) return undefined;
  return 'building the static application needs Go, which is not installed';
}

/**
 * Builds the program if it is missing (progress on stderr).
 * @param folder for the archives and their parts
 * @returns an archive of each image as `docker save` writes it
 */
export async function writeApplicationImages(folder: string): Promise<readonly string[]> {
  const program = path.join(await build(MODULES), 'application');
  const busybox = findProgram('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed');
  return [STATIC_IMAGE, STATIC_IMAGE_WITH_SHELL].map((tag, index) => {
    const own = path.join(folder, String(index));
    const rootfs = path.join(own, 'rootfs');
    mkdirSync(path.join(rootfs, 'bin'), { recursive: true });
    copyFileSync(program, path.join(rootfs, APPLICATION));
    if (tag === STATIC_IMAGE_WITH_SHELL) copyFileSync(busybox, path.join(rootfs, 'bin/sh'));
    return writeImages(own, rootfs, [{ tag, config: { Entrypoint: [APPLICATION] } }]);
  });
}
