/** Patterns of keys: `*` matches any characters, every other character matches itself. */

/** Whether a key matches one of the patterns. */
export function matcher(patterns: readonly string[]): (key: string) => boolean {
  const parts = patterns.map((pattern) => pattern.split('*'));
  return (key) => parts.some((part) => matches(key, part));
}

/** Greedy from the left, in one pass: unlike a regular expression, no pattern can make it slow. */
function matches(key: string, [first = '', ...rest]: readonly string[]): boolean {
  const last = rest.pop();
  if (last === undefined) return key === first;
  if (key.length < first.length + last.length || !key.startsWith(first) || !key.endsWith(last)) return false;
  const end = key.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = key.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
