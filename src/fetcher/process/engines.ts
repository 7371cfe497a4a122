/**
 * JMESPath and templates, loaded when first used: most plans use neither, and every pod waits for the fetcher's start.
 */
import type { selectByJmesPath } from '../../core/jmespath/index.ts';
import type { renderTemplate } from '../../core/template/index.ts';
import type { LoadBundle } from './load-bundle.ts';

/** The two functions of the core, as `src/core/jmespath` and `src/core/template` describe them. */
export interface LoadedEngines {
  readonly selectByJmesPath: typeof selectByJmesPath;
  readonly renderTemplate: typeof renderTemplate;
}

/** @param load called at the first use of an engine */
export function loadEngines(load: LoadBundle): LoadedEngines {
  return {
    selectByJmesPath: (...given) => (load('jmespath') as unknown as LoadedEngines).selectByJmesPath(...given),
    renderTemplate: (...given) => (load('template') as unknown as LoadedEngines).renderTemplate(...given),
  };
}
