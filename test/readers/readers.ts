/** All readers, and which of them are here. */
import { GO_READERS } from './go-readers.ts';
import { JAVA_READERS } from './java-readers.ts';
import { NODE_READERS } from './node-readers.ts';
import { PYTHON_READERS } from './python-readers.ts';
import type { Reader } from './reader.ts';
import { RUBY_READERS } from './ruby-readers.ts';
import { SHELL_READERS } from './shell-readers.ts';
import { systemdReader } from './systemd-reader.ts';

export const READERS: readonly Reader[] = [
  ...SHELL_READERS,
  ...NODE_READERS,
  ...PYTHON_READERS,
  ...RUBY_READERS,
  ...GO_READERS,
  ...JAVA_READERS,
  systemdReader,
];

/** Those of the given readers that are here, or could be brought. Says so of the others. */
export async function findReaders(wanted: readonly Reader[]): Promise<ReadonlySet<Reader>> {
  const here = new Set<Reader>();
  for (const reader of wanted) {
    const reason = await reader.prepare();
    if (reason === undefined) here.add(reader);
    else console.log(`skipped: ${reader.name}: ${reason}`);
  }
  return here;
}
