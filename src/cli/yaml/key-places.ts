/** Places where a key may have started: only a `:` later in its line tells. */
import type { Cursor } from './cursor.ts';
import { Refusal } from './refusal.ts';

export interface KeyPlace {
  /** Whether nothing but a key can be at this column. */
  readonly isRequired: boolean;
  /** The index of the first token of the key. */
  readonly token: number;
  readonly start: number;
  readonly line: number;
  readonly column: number;
  /** Whether go-yaml no longer waits for the `:`: it forgets keys that start with a flow collection without keys. */
  isForgotten: boolean;
}

/** The longest key without `?`, in characters (YAML 1.1 and 1.2). */
const LONGEST_KEY = 1024;

interface Level {
  key: KeyPlace | undefined;
  /** The token that starts the flow collection, until a key can start in it. */
  start: number;
}

/** One place for each flow collection that contains the cursor, and one for the block around them. */
export class KeyPlaces {
  readonly #cursor: Cursor;
  readonly #levels: Level[] = [{ key: undefined, start: -1 }];

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** How many flow collections contain the cursor. */
  get depth(): number {
    return this.#levels.length - 1;
  }

  get #top(): Level {
    return this.#levels.at(-1) ?? { key: undefined, start: -1 };
  }

  /** Enters a flow collection. @param token the index of its first token */
  enter(token: number): void {
    this.#levels.push({ key: undefined, start: token });
  }

  /** Leaves a flow collection, if the cursor is in one. */
  leave(): void {
    if (this.depth === 0) return;
    const start = this.#levels.pop()?.start;
    const { key } = this.#top;
    if (key !== undefined && key.token === start) key.isForgotten = true;
  }

  /** Whether a `:` can still make a token the first of a key. */
  isAwaited(token: number): boolean {
    const level = this.#levels.find(({ key }) => key?.token === token && !key.isForgotten);
    return level !== undefined && this.#valid(level) !== undefined;
  }

  /** The place of the key that a `:` at the cursor ends. */
  current(): KeyPlace | undefined {
    return this.#valid(this.#top);
  }

  /** A key may start at the cursor. */
  save(token: number, isRequired: boolean): void {
    this.drop();
    const { at: start, line, column } = this.#cursor;
    const top = this.#top;
    top.start = -1;
    top.key = { isRequired, token, start, line, column, isForgotten: false };
  }

  /** No `:` can follow the place of the innermost collection. @throws Refusal if one must */
  drop(): void {
    if (this.#top.key?.isRequired === true) throw withoutColon(this.#top.key);
    this.#top.key = undefined;
  }

  /** The `:` of the innermost key was found. */
  clear(): void {
    this.#top.key = undefined;
  }

  #valid(level: Level): KeyPlace | undefined {
    const { key } = level;
    if (key === undefined) return undefined;
    if (key.line >= this.#cursor.line && key.start + LONGEST_KEY >= this.#cursor.at) return key;
    if (key.isRequired) throw withoutColon(key);
    level.key = undefined;
    return undefined;
  }
}

function withoutColon(key: KeyPlace): Refusal {
  return new Refusal(key.start, 'a key has no ":" in its line');
}
