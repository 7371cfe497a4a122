/** Reads one JSON value of a stream, with the places of its nodes. */
import type { Item, Node, Pair, ScalarNode } from './nodes.ts';

const BLANKS = /[ \t\r\n]*/y;
// JSON does not allow the control characters below U+0020.
const SCALAR =
  /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/uy;
const MAX_DEPTH = 500;

/** The first place at or after an offset that is no blank. */
export function skipBlanks(text: string, from: number): number {
  BLANKS.lastIndex = from;
  return from + (BLANKS.exec(text)?.[0].length ?? 0);
}

/** @returns undefined if no JSON value starts here */
export function readJson(text: string, from: number): Node | undefined {
  return new JsonReader(text, from).value(0);
}

class JsonReader {
  readonly #text: string;
  #at: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#at = from;
  }

  value(depth: number): Node | undefined {
    this.#at = skipBlanks(this.#text, this.#at);
    if (depth > MAX_DEPTH) return undefined;
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      default:
        return this.#scalar();
    }
  }

  #scalar(): ScalarNode | undefined {
    SCALAR.lastIndex = this.#at;
    const value = SCALAR.exec(this.#text)?.[0];
    if (value === undefined) return undefined;
    const start = this.#at;
    this.#at += value.length;
    return { kind: 'scalar', style: 'json', tag: '', value, start, end: this.#at, outerStart: start };
  }

  #object(depth: number): Node | undefined {
    const pairs: Pair[] = [];
    const start = this.#at;
    const isRead = this.#members('}', () => {
      this.#at = skipBlanks(this.#text, this.#at);
      const key = this.#text[this.#at] === '"' ? this.#scalar() : undefined;
      if (key === undefined || !this.#take(':')) return false;
      const value = this.value(depth + 1);
      if (value !== undefined) pairs.push({ key, value });
      return value !== undefined;
    });
    const place = { start, end: this.#at, outerStart: start, column: 0 };
    return isRead ? { kind: 'map', isFlow: true, pairs, ...place } : undefined;
  }

  #array(depth: number): Node | undefined {
    const items: Item[] = [];
    const start = this.#at;
    const isRead = this.#members(']', () => {
      const value = this.value(depth + 1);
      if (value !== undefined) items.push({ dash: value.start, value });
      return value !== undefined;
    });
    const place = { start, end: this.#at, outerStart: start, column: 0 };
    return isRead ? { kind: 'list', isFlow: true, items, ...place } : undefined;
  }

  #members(close: string, member: () => boolean): boolean {
    this.#at += 1;
    if (this.#take(close)) return true;
    do {
      if (!member()) return false;
    } while (this.#take(','));
    return this.#take(close);
  }

  #take(character: string): boolean {
    const at = skipBlanks(this.#text, this.#at);
    if (this.#text[at] !== character) return false;
    this.#at = at + 1;
    return true;
  }
}
