/** Reads a file that the operator names, such as one of a mounted ConfigMap. */
import fs from 'node:fs';
import { failed, ok, type Result } from '../../core/problems/result.ts';

/**
 * Reads a text file.
 * @param mostBytes of the file; a multiple of 1024
 * @returns the text, or what is wrong, to follow the name of the file
 */
export function readBounded(file: string, mostBytes: number): Result<string, string> {
  try {
    const stats = fs.statSync(file);
    if (!stats.isFile()) return failed('is not a regular file');
    if (stats.size > mostBytes) return failed(`is larger than ${sizeOf(mostBytes)}`);
    return ok(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    return failed(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function sizeOf(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 1024} KiB`;
}
