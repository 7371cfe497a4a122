/** Reads images from a folder with an OCI layout. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

export interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface PlatformImage {
  /** Such as `linux/arm64`. */
  readonly platform: string;
  readonly digest: string;
  readonly manifest: ImageManifest;
}

/** An image, or an index of images for several platforms. */
export interface OciImage {
  readonly digest: string;
  readonly images: readonly PlatformImage[];
}

export function readOciLayout(folder: string): OciImage {
  const { manifests } = JSON.parse(readFileSync(path.join(folder, 'index.json'), 'utf8')) as {
    manifests: readonly Descriptor[];
  };
  const [top] = manifests;
  if (top === undefined || manifests.length !== 1) throw new Error(`${folder} does not contain one image`);
  const listed = (JSON.parse(readBlob(folder, top).toString()) as { manifests?: readonly Descriptor[] })
    .manifests;
  const images = (listed ?? [top]).map((one) => {
    const manifest = JSON.parse(readBlob(folder, one).toString()) as ImageManifest;
    return { platform: platformOf(folder, manifest), digest: one.digest, manifest };
  });
  return { digest: top.digest, images };
}

function platformOf(folder: string, manifest: ImageManifest): string {
  const config = JSON.parse(readBlob(folder, manifest.config).toString()) as Record<
    'os' | 'architecture',
    string
  >;
  return `${config.os}/${config.architecture}`;
}

/** @param folder with the OCI layout @returns a file of the last layer, which the project adds to the base */
export function readImageFile(folder: string, image: PlatformImage, name: string): Buffer {
  const layer = image.manifest.layers.at(-1);
  if (layer === undefined) throw new Error(`${image.platform} has no layer`);
  const { status, stdout, stderr } = spawnSync('tar', ['--extract', '--to-stdout', name], {
    input: zstdDecompressSync(readBlob(folder, layer)),
    maxBuffer: 1 << 29,
  });
  if (status !== 0) throw new Error(`${image.platform} has no file ${name}: ${stderr.toString()}`);
  return stdout;
}

export function readBlob(folder: string, { digest }: { readonly digest: string }): Buffer {
  return readFileSync(path.join(folder, 'blobs', digest.replace(':', '/')));
}
