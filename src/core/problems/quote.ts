/** How text that a user wrote is shown back: never raw, never long, never able to forge a second line. */

// Control and format characters, lone surrogates and line separators: whatever reorders or breaks lines.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[ -~]*$/;

/**
 * Quotes user text for a message. @returns the text in double quotes, control and bidirectional characters
 * shown as `?`, cut to `limit` characters with an ellipsis.
 */
export function quote(text: string, limit = 64): string {
  return `"${printable(text, limit)}"`;
}

/** The same without the quotes: for keys and paths that stand by themselves in a message. */
export function printable(text: string, limit = 128): string {
  const head = text.length > limit ? `${text.slice(0, limit)}…` : text;
  // Almost every text is plain ASCII, which the table of all Unicode need not be asked about.
  return PLAIN.test(head) ? head : head.replace(UNPRINTABLE, '?');
}
