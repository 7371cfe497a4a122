/** Bytes of a text in UTF-8, which is what most limits count. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Whether a text takes more than `limit` bytes in UTF-8. Texts that cannot be near the limit are not encoded. */
export function exceedsUtf8(text: string, limit: number): boolean {
  // A UTF-16 unit takes one to three bytes.
  if (text.length > limit) return true;
  return text.length * 3 > limit && utf8Length(text) > limit;
}
