/** Text for POSIX shells. */

/** A text in single quotes, in which a shell takes every character literally except the quote itself. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A line `NAME='value'` of the format `shell`, which every POSIX shell can source. If the value contains no quote, kubelet
 * reads the same line for `fileKeyRef`, so one file serves both.
 */
export function shellAssignment(name: string, value: string): string {
  return `${name}=${shellQuote(value)}\n`;
}
