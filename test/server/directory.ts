/** Temporary directories that are gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Makes a directory. @param later registers what removes it */
export async function temporaryDirectory(later: (remove: () => Promise<void>) => void): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'webhook-'));
  later(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs work in a new directory and removes it. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  let remove = async (): Promise<void> => undefined;
  const directory = await temporaryDirectory((made) => {
    remove = made;
  });
  try {
    return await work(directory);
  } finally {
    await remove();
  }
}
