/** Quotes text of users for messages: shortened, and without characters that could forge a second line. */

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
  if (PLAIN.test(head)) return head;
  // Control and format characters, lone surrogates and line separators: they reorder or break lines. Only where it is used:
  // V8 builds sets of characters for it, and most texts are plain ASCII.
  return head.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}
