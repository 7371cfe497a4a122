/** The fetcher as the build made it in dist/, and its bundles in a folder of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFetcher } from '../../scripts/build-fetcher.ts';
import { EXECUTABLE } from '../../scripts/shipped.ts';
import type { LoadBundle } from '../../src/fetcher/process/load-bundle.ts';

const DIST = path.resolve(import.meta.dirname, '../../dist');

/** What ships. */
export const BUILT_EXECUTABLE = path.join(DIST, EXECUTABLE);
/** The same program for a plain Node.js, which takes flags such as --require. */
export const BUILT_ENTRY = path.join(DIST, 'fetch.cjs');

/** Loads a bundle of the build. */
export const loadBuilt: LoadBundle = (name) =>
  createRequire(import.meta.url)(path.join(DIST, `${name}.cjs`)) as ReturnType<LoadBundle>;

export interface FetcherBundle {
  readonly directory: string;
  readonly entry: string;
  readonly load: LoadBundle;
  remove(): void;
}

export async function buildFetcherBundle(): Promise<FetcherBundle> {
  const directory = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-fetcher-'));
  await buildFetcher(directory);
  return {
    directory,
    entry: path.join(directory, 'fetch.cjs'),
    load: (name) =>
      createRequire(import.meta.url)(path.join(directory, `${name}.cjs`)) as ReturnType<LoadBundle>,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
