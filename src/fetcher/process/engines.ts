/**
 * JMESPath and templates, loaded when first used: most plans use neither, and every pod waits for the fetcher's start.
 */
import type { selectByJmesPath } from '../../core/jmespath/index.ts';
import type { renderTemplate } from '../../core/template/index.ts';
import { type BundleName, loadBundle } from './load-bundle.ts';

/** The two functions of the core, as `src/core/jmespath` and `src/core/template` describe them. */
export interface LoadedEngines {
  readonly selectByJmesPath: typeof selectByJmesPath;
  readonly renderTemplate: typeof renderTemplate;
}

/** @param directory the directory of the bundles, from which nothing is read before the first call */
export function loadEngines(directory: string): LoadedEngines {
  const loaded = new Map<BundleName, Readonly<Record<string, unknown>>>();
  const exportsOf = (name: BundleName): Readonly<Record<string, unknown>> => {
    const exports = loaded.get(name) ?? loadBundle(directory, name).exports;
    loaded.set(name, exports);
    return exports;
  };
  return {
    selectByJmesPath: (...given) =>
      (exportsOf('jmespath') as unknown as LoadedEngines).selectByJmesPath(...given),
    renderTemplate: (...given) =>
      (exportsOf('template') as unknown as LoadedEngines).renderTemplate(...given),
  };
}
