/** The fetcher's bundles, built once for a test file into a folder of their own, with their code cache. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFetcher, makeCodeCache } from '../../scripts/build-fetcher.ts';

export interface FetcherBundle {
  readonly directory: string;
  readonly entry: string;
  remove(): void;
}

export async function buildFetcherBundle(): Promise<FetcherBundle> {
  const directory = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-fetcher-'));
  await buildFetcher(directory);
  makeCodeCache(directory, process.execPath);
  return {
    directory,
    entry: path.join(directory, 'fetch.cjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
