/** The other programs of sidecar mode: commands of the executable, or files in the same directory. */
import path from 'node:path';
import { isSea } from 'node:sea';

export type ProgramName = 'refresh' | 'refresh-look';

/** The command that starts a program. */
export function commandOf(name: ProgramName): readonly [file: string, ...args: string[]] {
  return isSea()
    ? [process.execPath, name]
    : [process.execPath, ...process.execArgv, path.join(__dirname, `${name}.cjs`)];
}

/** Continues this process as another program. It keeps the process ID, and frees all memory. Returns only if it fails. */
export function continueAs(name: ProgramName, args: readonly string[]): void {
  const [file, ...rest] = commandOf(name);
  const variables = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  process.execve?.(file, [file, ...rest, ...args], Object.fromEntries(variables));
}
