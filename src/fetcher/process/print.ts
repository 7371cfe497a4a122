/**
 * Writes a line to standard output. Not through `process.stdout`, because creating its stream takes part of a millisecond of
 * each start.
 */
import { writeSync } from 'node:fs';

export function print(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
  } catch {
    // A pipe that is full or closed, which the stream handles.
    process.stdout.write(bytes.subarray(written));
  }
}
