/**
 * The `shell` dialect: lines `NAME='value'` that every POSIX shell can source. As long as no value holds a
 * quote they are also what kubelet's `fileKeyRef` reads, so one file serves both readers.
 */

/** One assignment with its line feed, or undefined if no variable can carry the value (NUL, lone surrogate). */
export function shellAssignment(name: string, value: string): string | undefined {
  if (value.includes('\0') || !value.isWellFormed()) return undefined;
  // Inside single quotes a shell takes everything literally, so only the quote itself needs a way around.
  return `${name}='${value.replaceAll("'", "'\\''")}'\n`;
}
