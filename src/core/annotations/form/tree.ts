/**
 * YAML text → plain data. A strict part of YAML 1.2: one document; no anchors, aliases, tags, directives, merge
 * keys; keys are text and unique. What is refused leaves a placeholder, so that the rest can still be judged.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import { printable } from '../../problems/quote.ts';
import type { Complaints } from './complaints.ts';
import { plainScalar } from './scalar.ts';
import { syntaxFault } from './syntax.ts';

/** As much as all annotations of an object together may hold (Kubernetes, ValidateAnnotationsSize). */
const MAX_TEXT = 256 * 1024;
/** The form itself is five levels deep; the parser counts a few more for its own. */
const MAX_DEPTH = 16;
/** Beyond 500 references with every field written out: bounds the work that a hostile text causes. */
const MAX_EVENTS = 40_000;

const INVALID = 'SECRETS_YAML_INVALID';

/** Stands where an alias or a key that is no text was: already complained of. */
export const REFUSED: unique symbol = Symbol('refused');

export interface Tree {
  /** Lists, maps without a prototype (see `fromOwnKey`), text, booleans, numbers, null, REFUSED. */
  readonly root: unknown;
  /** How a scalar that is not text is spelled in the YAML, by the map or list that holds it. */
  readonly spelling: (holder: unknown, key: string | number) => string | undefined;
}

/**
 * zod leaves `__proto__` out of what it looks at. As keys cannot hold NUL, this other name for it is free.
 * (`fromOwnKey` is the way back.)
 */
const PROTO = '__proto__';
const OWN_PROTO = '__proto__\0';

export function fromOwnKey(key: string): string {
  return key === OWN_PROTO ? PROTO : key;
}

/** @returns the text as data, or undefined if it cannot be read at all */
export function readTree(text: string, complaints: Complaints): Tree | undefined {
  if (text.length > MAX_TEXT) {
    complaints.add(INVALID, [], `the text is longer than ${MAX_TEXT / 1024} KiB`, 'ask for less');
    return undefined;
  }
  let events: readonly Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    const { wrong, expected } = syntaxFault(text, error instanceof YAMLException ? error : undefined);
    complaints.add(INVALID, [], wrong, expected);
    return undefined;
  }
  if (events.length > MAX_EVENTS) {
    complaints.add(INVALID, [], 'the text holds too many parts', 'ask for less');
    return undefined;
  }
  const reader = new TreeReader(text, events, complaints);
  const root = reader.documents();
  return { root, spelling: (holder, key) => reader.spellings.get(holder)?.get(key) };
}

/** Where anchors and tags begin in the text; -1 is none. */
type Properties = { readonly anchorStart: number; readonly tagStart: number };

/** Walks the parser's events, which are properly nested. */
class TreeReader {
  readonly spellings = new Map<unknown, Map<string | number, string>>();
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #complaints: Complaints;
  readonly #path: (string | number)[] = [];
  #next = 0;

  constructor(text: string, events: readonly Event[], complaints: Complaints) {
    this.#text = text;
    this.#events = events;
    this.#complaints = complaints;
  }

  /** The contents of the first document; null if there is none. */
  documents(): unknown {
    let contents: unknown = null;
    for (let count = 0; this.#next < this.#events.length; count += 1) {
      const event = this.#take();
      if (count > 0) {
        this.#complain('a second document begins (a line "---")', 'write one list');
        break;
      }
      if (event?.type === EVENT_ID.DOCUMENT && event.directives.length > 0) {
        this.#complain('a directive (a line that begins with "%") is not read', 'remove it');
      }
      while (this.#peek() !== EVENT_ID.POP && this.#next < this.#events.length)
        contents = this.#value(null, 0);
      this.#take();
    }
    return contents;
  }

  #take(): Event | undefined {
    const event = this.#events[this.#next];
    this.#next += 1;
    return event;
  }

  #peek(): number | undefined {
    return this.#events[this.#next]?.type;
  }

  #complain(wrong: string, expected: string): void {
    this.#complaints.add(INVALID, this.#path, wrong, expected);
  }

  /** @param holder what will hold the value under `key` */
  #value(holder: unknown, key: string | number): unknown {
    const event = this.#take();
    switch (event?.type) {
      case EVENT_ID.SCALAR: {
        this.#refuseProperties(event);
        const source = getScalarValue(this.#text, event);
        // A tag is refused anyway; what is behind it is taken for the text that it most often says it is.
        if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) return source;
        const value = plainScalar(source);
        if (typeof value !== 'string') this.#spell(holder, key, source);
        return value;
      }
      case EVENT_ID.SEQUENCE:
        this.#refuseProperties(event);
        return this.#list();
      case EVENT_ID.MAPPING:
        this.#refuseProperties(event);
        return this.#map();
      case EVENT_ID.ALIAS:
        this.#complain(
          'aliases ("*name") are not read',
          'write the text again; quote text that begins with "*"',
        );
        return REFUSED;
      default:
        return REFUSED;
    }
  }

  #list(): readonly unknown[] {
    const list: unknown[] = [];
    while (this.#next < this.#events.length && this.#peek() !== EVENT_ID.POP) {
      this.#path.push(list.length);
      list.push(this.#value(list, list.length));
      this.#path.pop();
    }
    this.#take();
    return list;
  }

  #map(): Readonly<Record<string, unknown>> {
    const map: Record<string, unknown> = Object.create(null);
    while (this.#next < this.#events.length && this.#peek() !== EVENT_ID.POP) {
      const key = this.#key(map);
      this.#path.push(fromOwnKey(key ?? '?'));
      const known = key === undefined || Object.hasOwn(map, key);
      if (key !== undefined && known) this.#complain('this key stands twice in its map', 'keep one of them');
      const value = this.#value(map, key ?? '');
      if (key !== undefined && !known) map[key] = value;
      this.#path.pop();
    }
    this.#take();
    return map;
  }

  /** @returns undefined for a key that was complained of, and whose value is to be dropped */
  #key(map: unknown): string | undefined {
    const event = this.#events[this.#next];
    const key = this.#value(map, '');
    if (typeof key !== 'string') {
      if (key !== REFUSED) {
        const spelling = this.spellings.get(map)?.get('');
        const what =
          spelling === undefined ? 'a list or map' : spelling === '' ? 'nothing' : printable(spelling, 32);
        this.#complain(`a key is not text but ${what}`, 'quote the key');
      }
      return undefined;
    }
    if (key === '<<' && event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN) {
      this.#complain('merge keys ("<<") are not read', 'write the fields out');
      return undefined;
    }
    if (key.includes('\0')) {
      this.#complain('a key holds a NUL character', 'remove it');
      return undefined;
    }
    return key === PROTO ? OWN_PROTO : key;
  }

  #refuseProperties({ anchorStart, tagStart }: Properties): void {
    if (anchorStart >= 0) {
      this.#complain('anchors ("&name") are not read', 'remove it; quote text that begins with "&"');
    }
    if (tagStart >= 0) {
      this.#complain(
        'tags ("!name") are not read',
        'remove it; quote text that begins with "!", or is to be text',
      );
    }
  }

  #spell(holder: unknown, key: string | number, source: string): void {
    const known = this.spellings.get(holder);
    if (known === undefined) this.spellings.set(holder, new Map([[key, source]]));
    else known.set(key, source);
  }
}
