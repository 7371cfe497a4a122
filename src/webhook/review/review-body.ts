/** From the bytes of a request to JSON. */
import { isAscii, isUtf8 } from 'node:buffer';

/**
 * Parses a body. Plain JSON.parse: a key such as `__proto__` becomes an own property, which the core reads as data.
 * @returns undefined for what is not JSON in UTF-8. Why is not told: V8's message quotes the text.
 */
export function parseBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    // ASCII, the usual case, makes a string of half the size.
    if (isAscii(body)) return JSON.parse(body.toString('latin1'));
    return isUtf8(body) ? JSON.parse(body.toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}
