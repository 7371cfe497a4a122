/** Writes one view as the fetcher does, also as a process that a test can end at any step. Arguments: volume, old or new. */
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { writeViews } from '../../src/fetcher/files/writer.ts';

/** Two sets of files that share some names and not others. */
export function contentsOf(which: string): Readonly<Record<string, string>> {
  return which === 'old'
    ? { env: "A='old'\n", gone: 'old', 'tls/key': 'old' }
    : { env: "A='new'\n", added: 'new', 'tls/key': 'new', 'tls/more': 'new' };
}

export function writeSet(folder: string, which: string): void {
  const files = Object.entries(contentsOf(which)).map(([path, text]) => ({
    path,
    content: new SecretValue(text),
    mode: 0o440,
  }));
  writeViews([{ folder, view: { volume: 'v', directories: ['tls'], files } }]);
}

const [folder, which] = process.argv.slice(2);
if (import.meta.main && folder !== undefined && which !== undefined) writeSet(folder, which);
