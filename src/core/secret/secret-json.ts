/**
 * JSON inside a secret. Numbers keep the digits that the secret holds, and nothing the parser says is passed on:
 * V8's messages quote the text that they could not read.
 */
import { asObject } from '../json.ts';
import type { SecretValue } from './secret-value.ts';

/** A number with the digits of the secret's text. Only `JSON.rawJSON` makes one, so no object can pass for it. */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** What JSON holds. Plain numbers are computed ones; those of the secret are exact. */
export type JsonNode = null | boolean | string | number | ExactNumber | readonly JsonNode[] | JsonMembers;

/** An object of JSON: own properties are its members, whatever their names (`__proto__`, `constructor`). */
export interface JsonMembers {
  readonly [key: string]: JsonNode;
}

/** A secret's JSON, to select from and to fill templates with. */
export interface JsonDocument {
  readonly root: JsonNode;
}

// ECMAScript's JSON.parse source text access (in Node since 21), newer than the `lib` that the core compiles with.
interface SourceTextJson {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
}
const json = JSON as unknown as SourceTextJson;

/**
 * Reads JSON text. Of members of one name the last counts, as for every JSON.parse.
 * @returns the document; undefined if the value is not JSON text, or nests deeper than the stack reaches
 */
export function readDocument(value: SecretValue): JsonDocument | undefined {
  const text = jsonText(value);
  if (text === undefined) return undefined;
  try {
    const root = json.parse(text, (_key, member, context) =>
      typeof member === 'number' && context.source !== undefined ? json.rawJSON(context.source) : member,
    );
    return { root: root as JsonNode };
  } catch {
    return undefined;
  }
}

/** A byte order mark in front may be ignored (RFC 8259 section 8.1): editors of Windows put one there. */
function jsonText(value: SecretValue): string | undefined {
  const text = value.revealText();
  return text?.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * Whether a value that could not be read is JSON all the same, so that its depth is to blame: what takes the stack is
 * to look at each member, and a plain parse does not.
 * @param kind what was to be read
 */
export function nestsTooDeeply(value: SecretValue, kind: 'object' | 'any'): boolean {
  try {
    const root: unknown = JSON.parse(jsonText(value) ?? '');
    return kind === 'any' || asObject(root) !== undefined;
  } catch {
    return false;
  }
}

/** The members of a secret that is a JSON object, with their text form; a null is a member without a text. */
export type SecretMembers = ReadonlyMap<string, string | null>;

/** @returns the members, or undefined if the document is no object, or nests deeper than the stack reaches. */
export function readMembers(document: JsonDocument | undefined): SecretMembers | undefined {
  const object = document === undefined ? undefined : membersOf(document.root);
  if (object === undefined) return undefined;
  const members = new Map<string, string | null>();
  try {
    for (const key of Object.keys(object)) members.set(key, textOf(object[key]));
  } catch {
    return undefined;
  }
  return members;
}

/** Strings as they are; numbers with their own digits; objects and arrays as compact JSON. */
function textOf(member: unknown): string | null {
  if (member === null) return null;
  return typeof member === 'string' ? member : JSON.stringify(member);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return json.isRawJSON(value);
}

/** The number as JavaScript computes with it; undefined for anything else. */
export function numberOf(node: JsonNode): number | undefined {
  if (typeof node === 'number') return node;
  return isExactNumber(node) ? Number(node.rawJSON) : undefined;
}

/** A number that is written as `text`; undefined if that is no number of JSON. */
export function exactNumber(text: string): ExactNumber | undefined {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text) ? json.rawJSON(text) : undefined;
}

/** The members, if the node is an object of JSON. */
export function membersOf(node: JsonNode): JsonMembers | undefined {
  return isExactNumber(node) ? undefined : (asObject(node) as JsonMembers | undefined);
}

/** A computed number as JSON writes it, but with the sign of a negative zero. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

/**
 * Compact JSON. The length is counted while it is written: selections can hold the same array many times, so that
 * what is small in memory may be endless as text.
 * @param most length in UTF-16 units
 * @returns undefined if it is longer
 */
export function compactJson(node: JsonNode, most: number): string | undefined {
  const parts: string[] = [];
  let left = most;
  const put = (text: string): boolean => {
    parts.push(text);
    left -= text.length;
    return left >= 0;
  };
  const putList = (open: string, close: string, items: readonly (() => boolean)[]): boolean =>
    put(open) && items.every((item, index) => (index === 0 || put(',')) && item()) && put(close);
  const write = (one: JsonNode): boolean => {
    if (one === null || typeof one === 'boolean') return put(String(one));
    if (typeof one === 'string') return one.length <= left && put(JSON.stringify(one));
    if (typeof one === 'number') return put(numberText(one));
    if (isExactNumber(one)) return put(one.rawJSON);
    if (Array.isArray(one)) return putArray(one);
    const members = one as JsonMembers;
    return putList(
      '{',
      '}',
      Object.keys(members).map(
        (key) => () => key.length <= left && put(`${JSON.stringify(key)}:`) && write(members[key] ?? null),
      ),
    );
  };
  const putArray = (items: readonly JsonNode[]): boolean =>
    put('[') && items.every((item, index) => (index === 0 || put(',')) && write(item)) && put(']');
  return write(node) ? parts.join('') : undefined;
}

/** The text form of a member: strings as they are, everything else as compact JSON of at most `most` UTF-16 units. */
export function nodeText(node: JsonNode, most: number): string | undefined {
  if (typeof node !== 'string') return compactJson(node, most);
  return node.length <= most ? node : undefined;
}
