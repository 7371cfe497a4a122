/** Matches as IAM does in resources and StringLike: `*` is any text, `?` one character, and case matters. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
