/** The demo's own manifest, part of its bundle (esbuild's text loader). */
import manifest from './shop.yaml';

export const DEFAULT_MANIFEST: string = manifest;
