/**
 * A look at the bytes of a large body before it is parsed. Parsed JSON takes many times the bytes of its text: the worst case
 * are lists and objects, of which each takes tens of bytes for the two or three of its text.
 */

/** Bodies up to this size need no look: whatever they contain, it fits into memory many times. */
const SMALL_BYTES = 256 * 1024;
/** The types of a pod nest at most about 20 levels deep. */
const DEEPEST = 128;
/** A list or an object takes at least 8 bytes in any pod, such as `{"a":""}`, with a comma. */
const BYTES_EACH = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Whether a body nests more deeply, or contains more lists and objects, than any review. One pass over its bytes. */
export function isUnlikeReview(body: Buffer): boolean {
  if (body.length <= SMALL_BYTES) return false;
  const most = body.length / BYTES_EACH;
  let depth = 0;
  let count = 0;
  for (let at = 0; at < body.length; at += 1) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at + 1);
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        depth += 1;
        count += 1;
        if (depth > DEEPEST || count > most) return true;
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth -= 1;
        break;
    }
  }
  return false;
}

/** The position of the closing quote. Most strings contain no backslash, so the search is native. */
function endOfString(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start);
  while (end >= 0 && isEscaped(body, end, start)) end = body.indexOf(QUOTE, end + 1);
  return end < 0 ? body.length : end;
}

/** Whether an odd number of backslashes precedes. */
function isEscaped(body: Buffer, at: number, start: number): boolean {
  let backslashes = 0;
  while (at - backslashes > start && body[at - backslashes - 1] === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
