/**
 * A look at the bytes of a large body before it is parsed. Parsed JSON takes many times the bytes and the time of its text: 8 MiB
 * of objects with a key each take 2 s and 200 MB.
 */

/** Bodies up to this size need no look: whatever they contain, parsing takes a few megabytes and tens of milliseconds. */
const SMALL_BYTES = 256 * 1024;
/** The types of a pod nest at most about 20 levels deep. */
const DEEPEST = 128;
/** Lists and objects. A pod with 1,000 containers of 10 variables each has some 30,000, with its managedFields. */
const MOST_NODES = 128 * 1024;
/** Items of lists and keys of objects. */
const MOST_ITEMS = 512 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** Whether a body nests more deeply, or contains more, than a review. One pass over its bytes. */
export function isUnlikeReview(body: Buffer): boolean {
  if (body.length <= SMALL_BYTES) return false;
  let depth = 0;
  let nodes = 0;
  let items = 0;
  for (let at = 0; at < body.length; at += 1) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at + 1);
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        depth += 1;
        nodes += 1;
        if (depth > DEEPEST || nodes > MOST_NODES) return true;
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth -= 1;
        break;
      case COLON:
      case COMMA:
        items += 1;
        if (items > MOST_ITEMS) return true;
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
