/** Patterns of keys and names: `*` matches any characters, every other character matches itself. */

/** A pattern as the texts between its wildcards. */
export type Pattern = readonly string[];

export function parsePattern(text: string): Pattern {
  return text.split('*');
}

/** Whether a key matches one of the patterns. */
export function matcher(patterns: readonly string[]): (key: string) => boolean {
  const parsed = patterns.map(parsePattern);
  return (key) => parsed.some((pattern) => matches(key, pattern));
}

/**
 * Greedy from the left, in one pass: unlike a regular expression, no pattern can make it slow. Most keys differ from most
 * patterns in the first characters, so these are compared first.
 */
export function matches(key: string, pattern: Pattern): boolean {
  const first = pattern[0] ?? '';
  if (pattern.length < 2) return key === first;
  if (!key.startsWith(first)) return false;
  const last = pattern.at(-1) ?? '';
  const end = key.length - last.length;
  if (end < first.length || !key.endsWith(last)) return false;
  let at = first.length;
  for (let index = 1; index < pattern.length - 1; index += 1) {
    const part = pattern[index] ?? '';
    const found = key.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
