/** A release that scripts/release made in a clone, and its images, unpacked. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type OciImage, type PlatformImage, readBlob, readOciLayout } from '../../scripts/oci-archive.ts';
import { ownStorage, ROOT } from '../image/built-image.ts';
import { installDebianPackage, succeeds } from '../setup/debian-package.ts';
import { type Emulation, emulateArm64 } from './emulation.ts';

export const VERSION = '99.0.0';
export const NAME = `aws-secrets-injector-${VERSION}`;

export class MadeRelease {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-release-'));
  readonly clone = path.join(this.folder, 'clone');
  /** With an OCI layout. */
  readonly layout = path.join(this.folder, 'layout');
  /** What the script printed. */
  said = '';
  image: OciImage = { digest: '', images: [] };
  #emulation: Emulation | undefined;

  /** @returns why no release can be made here, or undefined */
  async prepare(): Promise<string | undefined> {
    const emulation = await emulateArm64();
    if (emulation instanceof Error) return emulation.message;
    this.#emulation = emulation;
    for (const program of ['buildah', 'skopeo'])
      if (!(await succeeds('sh', ['-c', `command -v ${program}`])) && !(await installDebianPackage(program)))
        return `${program} is not installed, and could not be`;
    return undefined;
  }

  make(): void {
    git(this.folder, 'clone', '--quiet', ROOT, this.clone);
    for (const [key = '', value = ''] of [
      ['user.name', 'Test'],
      ['user.email', 'test@example.com'],
      ['commit.gpgSign', 'false'],
    ])
      git(this.clone, 'config', key, value);
    git(this.clone, 'checkout', '--quiet', '-B', 'main');
    this.said = this.run(this.clone, [VERSION], {});
    mkdirSync(this.layout);
    execFileSync('tar', ['--extract', '--file', this.file('.oci.tar'), '--directory', this.layout]);
    this.image = readOciLayout(this.layout);
    for (const one of this.image.images) this.#unpack(one);
  }

  /** Runs scripts/release with a storage of its own, which is removed. @returns its output */
  run(tree: string, args: readonly string[], variables: Readonly<Record<string, string>>): string {
    const storage = path.join(this.folder, 'storage');
    const program = [path.join(tree, 'scripts/release'), ...args, '--local-base'];
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'umask "$UMASK"; exec "$@"', 'sh', ...program],
      { env: { ...ownStorage(storage), UMASK: '022', ...variables }, encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    rmSync(storage, { recursive: true, force: true });
    if (status !== 0) throw new Error(`scripts/release ended with ${status}:\n${stderr.slice(-8000)}`);
    return stdout;
  }

  /** A file of the release. */
  file(suffix: string): string {
    return path.join(this.clone, 'dist/release', VERSION, `${NAME}${suffix}`);
  }

  imageFor(platform: string): PlatformImage {
    const found = this.image.images.find((one) => one.platform === platform);
    if (found === undefined) throw new Error(`no image for ${platform}`);
    return found;
  }

  /** The folder with the files of an image. */
  rootfs(platform: string): string {
    return path.join(this.folder, platform);
  }

  #unpack({ platform, manifest }: PlatformImage): void {
    // With the folders that a container runtime mounts.
    for (const name of ['proc', 'dev'])
      mkdirSync(path.join(this.rootfs(platform), name), { recursive: true });
    for (const layer of manifest.layers)
      execFileSync('tar', ['--extract', '--preserve-permissions', '--directory', this.rootfs(platform)], {
        input: zstdDecompressSync(readBlob(this.layout, layer)),
      });
  }

  [Symbol.dispose](): void {
    this.#emulation?.[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
