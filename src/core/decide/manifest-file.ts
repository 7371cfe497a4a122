/** The file of a view that lists what was delivered: its name, and the room that it needs. */
import type { Options } from '../annotations/options.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { MANIFEST_FILE } from '../names/volume-layout.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import { type Contents, representations } from './views.ts';

/** The files and directories that have the name of the manifest file. */
export function manifestConflicts({ files, filesFrom }: Contents): readonly Problem[] {
  const subjects = [
    ...files.filter(({ path }) => hasName(path)).map(subjectOf.files),
    ...filesFrom.filter(({ directory }) => hasName(directory)).map(subjectOf.filesFrom),
  ];
  return subjects.map((subject) => ({
    code: 'FILE_NAME_CONFLICT',
    subject: printable(subject),
    wrong: `${annotationKey('manifest-file')} already adds the file ${quote(MANIFEST_FILE)}`,
    expected: 'rename the file, or remove that annotation',
  }));
}

function hasName(path: string): boolean {
  return path.split('/', 1)[0] === MANIFEST_FILE;
}

/**
 * The size of a view in secrets, with its manifest file. In the file, the keys of a secret that is expanded take at most as
 * much room as the secret. All keys that the plan names take less than two secrets, and the ARN, the version and its
 * stages (20 of 256 characters, by the quotas of Secrets Manager) less than a quarter of one.
 */
export function roomFor(
  contents: Contents,
  { manifestFile, refresh }: Pick<Options, 'manifestFile' | 'refresh'>,
): number {
  // A refresh writes the new files before it removes the old ones.
  const copies = refresh === undefined ? 1 : 2;
  return copies * (representations(contents) + (manifestFile ? roomForManifest(contents) : 0));
}

function roomForManifest(contents: Contents): number {
  const { env, envFrom, files, filesFrom } = contents;
  const expanded = new Set([...envFrom, ...filesFrom].map(({ secret }) => secret));
  const all = new Set([...env, ...files, ...envFrom, ...filesFrom].map(({ secret }) => secret));
  return expanded.size + Math.ceil(all.size / 4) + 2;
}
