/**
 * Reads JSON whose keys contain escapes. V8 confuses such keys: it compares the text of a key with keys that it expects, before
 * it decodes the escapes. After an object with the key `z\`, which JSON writes as "z\\", it reads the keys "z\"" and "z\n" as
 * `z\` as well (seen with V8 13.6 of Node.js 24).
 */

/** A text of JSON that has no escapes in keys. */
export interface PlainKeys {
  readonly text: string;
  /** Gives an object its keys again. */
  restore(value: unknown): unknown;
}

/** Also a string without an end, so that its characters are not read again from every quotation mark in it. */
const STRING = /"(?:[^"\\]|\\.)*(?:"(?:\s*:)?|\\?$)/gs;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** Replaces keys with escapes by others. @returns undefined for a text without such keys */
export function withPlainKeys(text: string): PlainKeys | undefined {
  if (!text.includes('\\')) return undefined;
  const mark = unusedIn(text);
  const keys = new Map<string, string>();
  const plain = text.replace(STRING, (found) => {
    if (!found.endsWith(':') || !found.includes('\\')) return found;
    const end = found.lastIndexOf('"') + 1;
    const key = decoded(found.slice(0, end));
    // Without a valid key, the text is not JSON. Objects have indices before other keys, in whatever order they are written.
    if (key === undefined || INDEX.test(key)) return found;
    const name = `${mark}${keys.size}`;
    keys.set(name, key);
    return `"${name}"${found.slice(end)}`;
  });
  return keys.size === 0 ? undefined : { text: plain, restore: (value) => restored(value, keys) };
}

function decoded(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** A text that another one does not contain. */
function unusedIn(text: string): string {
  let longest = 0;
  for (const [run] of text.matchAll(/_+/g)) longest = Math.max(longest, run.length);
  return `key${'_'.repeat(longest + 1)}`;
}

function restored(value: unknown, keys: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (!entries.some(([key]) => keys.has(key))) return value;
  const object = {};
  for (const [key, member] of entries)
    Object.defineProperty(object, keys.get(key) ?? key, {
      value: member,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  return object;
}
