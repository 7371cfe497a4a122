/**
 * Loads the bundles in the directory of the fetcher's own. The bundle of the SDK has a V8 code cache, which the same Node
 * created when the image was built. A missing or unsuitable cache (another Node, other flags) is ignored, and the bundle is
 * compiled as usual. The other bundles are too small for a cache.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

export type BundleName = 'secrets-manager' | 'jmespath' | 'template';

export interface LoadedBundle {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly script: vm.Script;
  /** Undefined without a cache. */
  readonly cacheRejected: boolean | undefined;
}

/** Compiles and runs a CommonJS bundle in the same way as Node's loader. */
export function loadBundle(directory: string, name: BundleName): LoadedBundle {
  const filename = path.join(directory, `${name}.cjs`);
  const source = readFileSync(filename, 'utf8');
  const cachedData =
    name === 'secrets-manager' ? readCache(path.join(directory, `${name}.cache`)) : undefined;
  const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} as Record<string, unknown> };
  const run = script.runInThisContext() as (...args: unknown[]) => void;
  run(module.exports, createRequire(filename), module, filename, directory);
  return { exports: module.exports, script, cacheRejected: script.cachedDataRejected };
}

function readCache(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
