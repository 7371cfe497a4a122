/**
 * From YAML text to plain data. A strict subset of YAML 1.2: one document; no anchors, aliases, tags, directives or merge
 * keys; keys are text and unique. A part that is rejected leaves a placeholder, so that the rest can still be checked.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import type { Path } from '../../names/form-subject.ts';
import type { AdmissionCode } from '../../problems/admission-codes.ts';
import { printable } from '../../problems/quote.ts';
import { plainScalar } from './scalar.ts';
import { syntaxFault } from './syntax.ts';

/** The most that all annotations of an object contain (Kubernetes, ValidateAnnotationsSize). */
export const MAX_TEXT = 256 * 1024;
/** The form itself is five levels deep; the parser counts a few more. */
export const MAX_DEPTH = 16;
/** More than 500 references with all fields need. Bounds the work that a hostile text causes. */
export const MAX_EVENTS = 40_000;

const INVALID = 'SECRETS_YAML_INVALID';

/** Replaces an alias or a key that is not text, which was reported already. */
export const REFUSED: unique symbol = Symbol('refused');

/** Where problems of a text go. */
export interface TreeFindings {
  /** Whether further problems are dropped. */
  readonly isFull: boolean;
  add(code: AdmissionCode, path: Path, wrong: string, expected: string): void;
}

export interface Tree {
  /** Lists, maps without a prototype (see `fromOwnKey`), text, booleans, numbers, null, REFUSED. */
  readonly root: unknown;
  /** The source of a scalar that is not text, by the map or list that contains it. */
  readonly spelling: (holder: unknown, key: string | number) => string | undefined;
}

/**
 * zod ignores a key `__proto__`, so it is renamed while the form is read; `fromOwnKey` reverts this. Keys of users
 * contain no NUL, so the new name is free.
 */
const PROTO = '__proto__';
const OWN_PROTO = '__proto__\0';

export function fromOwnKey(key: string): string {
  return key === OWN_PROTO ? PROTO : key;
}

/** @returns the text as data, or undefined if it cannot be read */
export function readTree(text: string, findings: TreeFindings): Tree | undefined {
  if (text.length > MAX_TEXT) {
    findings.add(INVALID, [], `the text is longer than ${MAX_TEXT / 1024} KiB`, 'shorten it');
    return undefined;
  }
  let events: readonly Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    const { wrong, expected } = syntaxFault(text, error instanceof YAMLException ? error : undefined);
    findings.add(INVALID, [], wrong, expected);
    return undefined;
  }
  if (events.length > MAX_EVENTS) {
    findings.add(INVALID, [], 'the text has too many keys and values', 'use fewer of them');
    return undefined;
  }
  const reader = new TreeReader(text, events, findings);
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
  readonly #findings: TreeFindings;
  readonly #path: (string | number)[] = [];
  #next = 0;

  constructor(text: string, events: readonly Event[], findings: TreeFindings) {
    this.#text = text;
    this.#events = events;
    this.#findings = findings;
  }

  /** The contents of the first document; null if there is none. */
  documents(): unknown {
    let contents: unknown = null;
    for (let count = 0; this.#next < this.#events.length; count += 1) {
      const event = this.#take();
      if (count > 0) {
        this.#add('the text contains a second document (a line "---")', 'remove it');
        break;
      }
      if (event?.type === EVENT_ID.DOCUMENT && event.directives.length > 0) {
        this.#add('directives (lines that start with "%") are not supported', 'remove the line');
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

  #add(wrong: string, expected: string): void {
    this.#findings.add(INVALID, this.#path, wrong, expected);
  }

  /** @param holder the map or list that will contain the value under `key` */
  #value(holder: unknown, key: string | number): unknown {
    const event = this.#take();
    switch (event?.type) {
      case EVENT_ID.SCALAR: {
        this.#refuseProperties(event);
        const source = getScalarValue(this.#text, event);
        // A tag is rejected anyway; its value is taken as text, which is what most tags say.
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
        this.#add('aliases ("*name") are not supported', 'repeat the text; quote text that starts with "*"');
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
      if (key !== undefined && known) this.#add('the map contains this key twice', 'remove one of them');
      const value = this.#value(map, key ?? '');
      if (key !== undefined && !known) map[key] = value;
      this.#path.pop();
    }
    this.#take();
    return map;
  }

  /** @returns undefined for a key that was reported, and whose value is dropped */
  #key(map: unknown): string | undefined {
    const event = this.#events[this.#next];
    const key = this.#value(map, '');
    if (typeof key !== 'string') {
      if (key !== REFUSED) {
        const spelling = this.spellings.get(map)?.get('');
        const what =
          spelling === undefined ? 'a list or map' : spelling === '' ? 'empty' : printable(spelling, 32);
        this.#add(`a key is ${what}, not text`, 'quote the key');
      }
      return undefined;
    }
    if (key === '<<' && event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN) {
      this.#add('merge keys ("<<") are not supported', 'repeat the fields');
      return undefined;
    }
    if (key.includes('\0')) {
      this.#add('a key contains a NUL character', 'remove the character');
      return undefined;
    }
    return key === PROTO ? OWN_PROTO : key;
  }

  #refuseProperties({ anchorStart, tagStart }: Properties): void {
    if (anchorStart >= 0) {
      this.#add('anchors ("&name") are not supported', 'remove the anchor; quote text that starts with "&"');
    }
    if (tagStart >= 0) {
      this.#add('tags ("!name") are not supported', 'remove the tag; quote values that are text');
    }
  }

  #spell(holder: unknown, key: string | number, source: string): void {
    const known = this.spellings.get(holder);
    if (known === undefined) this.spellings.set(holder, new Map([[key, source]]));
    else known.set(key, source);
  }
}
