/** Matches resources and StringLike patterns as IAM does: `*` is any text, `?` one character; case-sensitive. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
