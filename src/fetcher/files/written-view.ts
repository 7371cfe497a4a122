/** Compares a view with the files in a directory, by content and mode. */
import fs from 'node:fs';
import path from 'node:path';
import type { RenderedView } from '../../core/render/render.ts';

/** Whether a directory contains exactly the view. @param directory may be missing */
export function containsView(directory: string, view: RenderedView): boolean {
  const found = listFiles(directory);
  if (found === undefined) return false;
  const expected = new Set([
    ...view.files.map((file) => file.path),
    ...view.directories.map((name) => `${name}/`),
  ]);
  if (found.length !== expected.size || !found.every((name) => expected.has(name))) return false;
  return view.files.every((file) => {
    const onDisk = `${directory}/${file.path}`;
    const bytes = file.content.revealBytes();
    if (bytes === undefined || (fs.statSync(onDisk).mode & 0o777) !== file.mode) return false;
    return fs.readFileSync(onDisk).equals(bytes);
  });
}

/** Relative paths of files, and of directories with a trailing slash; undefined if the directory is missing. */
function listFiles(directory: string): readonly string[] | undefined {
  try {
    return fs.readdirSync(directory, { withFileTypes: true, recursive: true }).map((entry) => {
      const relative = path.relative(
        fs.realpathSync(directory),
        path.join(fs.realpathSync(entry.parentPath), entry.name),
      );
      return entry.isDirectory() ? `${relative}/` : relative;
    });
  } catch {
    return undefined;
  }
}
