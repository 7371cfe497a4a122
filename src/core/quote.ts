/** How text that a user wrote is shown back: never raw, never long, never able to forge a second line. */

// C0, DEL, C1, and the characters that reorder or break lines in terminals and logs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: stripping control characters is the point
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

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
  return head.replace(UNPRINTABLE, '?');
}
