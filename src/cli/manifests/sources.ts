/** Reads the files that a command gets with `--file`. */
import { isUtf8 } from 'node:buffer';
import { readFileSync, readSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { Kind } from '../../runtime/settings/kinds.ts';
import type { Definitions } from '../../runtime/settings/settings.ts';

export const FILES: Kind<readonly string[]> = {
  placeholder: 'path',
  expects: 'the path of a file, or - for standard input',
  parse: (text) => [text],
  merge: (lists) => lists.flat(),
};

export const NAMESPACE: Kind<string> = {
  placeholder: 'name',
  expects: 'the name of a namespace',
  parse: (text) => (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text) ? text : undefined),
};

const LARGEST = 64 * 1024 * 1024;

/** `-f` for `--file`, as in kubectl. */
export function withFileFlag(argv: readonly string[]): readonly string[] {
  return argv.map((arg) => (arg === '-f' ? '--file' : arg));
}

/** The same, and arguments without a flag as further files. @param definitions the settings of the command */
export function withFileArguments(argv: readonly string[], definitions: Definitions): readonly string[] {
  const args = [...withFileFlag(argv)];
  const options = Object.fromEntries(
    Object.entries(definitions).map(([name, { kind }]) => [
      name,
      { type: kind.placeholder === '' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const kinds = new Map(tokens.map(({ index, kind }) => [index, kind]));
  return args.flatMap((arg, index) => {
    // After a terminator, the flags of the files would be files themselves.
    if (kinds.get(index) === 'option-terminator') return [];
    return kinds.get(index) === 'positional' ? [`--file=${arg}`] : [arg];
  });
}

/** Reads a file, or standard input for `-`. The problem says why it cannot be read. */
export function readSource(name: string): Result<string, string> {
  try {
    const isTooLarge = name !== '-' && statSync(name).size > LARGEST;
    const bytes = isTooLarge ? undefined : name === '-' ? readStandardInput() : readFileSync(name);
    return bytes === undefined ? failed(`is larger than ${LARGEST / 2 ** 20} MiB`) : textOf(bytes);
  } catch (error) {
    return failed(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

/** @returns undefined if there is more than can be read */
function readStandardInput(): Buffer | undefined {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(1024 * 1024);
    const count = readChunk(chunk);
    if (count === 0) return Buffer.concat(chunks);
    size += count;
    if (size > LARGEST) return undefined;
    chunks.push(chunk.subarray(0, count));
  }
}

function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Windows ends a pipe with EOF. A terminal or pipe that does not block has nothing yet.
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** The name of a source in messages. */
export function sourceName(name: string): string {
  return name === '-' ? 'standard input' : name;
}

/** Rejects what could not be printed as it was. kubectl replaces invalid bytes, and reads UTF-16. */
function textOf(bytes: Buffer): Result<string, string> {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (!isUtf16 && isUtf8(bytes)) return ok(bytes.toString('utf8'));
  return failed(`${isUtf16 ? 'is encoded in UTF-16' : 'is not valid UTF-8'}: save it in UTF-8`);
}
