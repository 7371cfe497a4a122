/** From the bytes of a request to JSON. */
import { isAscii, isUtf8 } from 'node:buffer';
import { isUnlikeReview } from './body-shape.ts';

/**
 * Parses a body with JSON.parse, for which a key such as `__proto__` is an own property.
 * @returns undefined if the body is not JSON in UTF-8, or would take much more memory than a review. The reason is dropped, because V8's message quotes the text.
 */
export function parseBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || isUnlikeReview(body)) return undefined;
  try {
    // ASCII, the usual case, results in a string of half the size.
    if (isAscii(body)) return JSON.parse(body.toString('latin1'));
    return isUtf8(body) ? JSON.parse(body.toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}
