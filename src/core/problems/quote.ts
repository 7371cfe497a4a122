/** Quotes text of users for messages: shortened, and without characters that could forge a second line. */

// Control and format characters, lone surrogates and line separators: they reorder or break lines.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[ -~]*$/;

/**
 * Quotes the text of a user for a message.
 * @returns the text in double quotes, with control and bidirectional characters as `?`, and with an ellipsis after
 * `limit` characters
 */
export function quote(text: string, limit = 64): string {
  return `"${printable(text, limit)}"`;
}

/** The same without quotes, for keys and paths. */
export function printable(text: string, limit = 128): string {
  const head = text.length > limit ? `${text.slice(0, limit)}…` : text;
  // Most texts are plain ASCII, for which the Unicode tables are not needed.
  return PLAIN.test(head) ? head : head.replace(UNPRINTABLE, '?');
}
