/** Small files of sidecar mode, which are replaced atomically. They never contain a value. */
import fs from 'node:fs';

const MODE = 0o400;
const MOST_BYTES = 64 * 1024;

/** Replaces the file. @throws the error of the system, with the previous content unchanged */
export function writeState(file: string, state: object): void {
  const temporary = `${file}_tmp`;
  fs.rmSync(temporary, { force: true });
  try {
    fs.writeFileSync(temporary, JSON.stringify(state), { mode: MODE, flag: 'wx' });
    fs.renameSync(temporary, file);
  } catch (error) {
    // A full volume can contain an empty file.
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** The content of the file: undefined without a file, null if it cannot be read. */
export function readState(file: string): unknown {
  try {
    if (fs.statSync(file).size > MOST_BYTES) return null;
    return JSON.parse(fs.readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : null;
  }
}
