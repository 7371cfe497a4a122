/**
 * The JSON of a secret. Numbers keep their digits. Messages of the parser are dropped, because V8 quotes the text that it
 * could not read.
 */
import { asObject } from '../json.ts';
import { withPlainKeys } from './escaped-keys.ts';
import { jsonFaultPosition, type Position } from './json-position.ts';
import type { SecretValue } from './secret-value.ts';

/** A number with the digits of the secret's text. Only `JSON.rawJSON` creates one, so no object can imitate it. */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** A node of JSON. Numbers of the secret are exact; plain numbers were computed. */
export type JsonNode = null | boolean | string | number | ExactNumber | readonly JsonNode[] | JsonMembers;

/** An object of JSON. Its members are own properties, whatever their names (`__proto__`, `constructor`). */
export interface JsonMembers {
  readonly [key: string]: JsonNode;
}

/** The JSON of a secret, for selections and templates. */
export interface JsonDocument {
  readonly root: JsonNode;
}

// JSON.parse source text access of ECMAScript (in Node since 21) is newer than the `lib` of the compiler.
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
 * Reads JSON text. With duplicate members, the last one counts, as for JSON.parse.
 * @returns the document; undefined if the value is not JSON or is nested too deeply for the stack
 */
export function readDocument(value: SecretValue): JsonDocument | undefined {
  const text = jsonText(value);
  if (text === undefined) return undefined;
  try {
    const plain = withPlainKeys(text);
    const root = json.parse(plain?.text ?? text, (_key, member, context) => {
      if (typeof member === 'number' && context.source !== undefined) return json.rawJSON(context.source);
      return plain === undefined ? member : plain.restore(member);
    });
    return { root: root as JsonNode };
  } catch {
    return undefined;
  }
}

/** A leading byte order mark may be ignored (RFC 8259 section 8.1): editors on Windows write one. */
function jsonText(value: SecretValue): string | undefined {
  const text = value.revealText();
  return text?.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * Whether a value that could not be read is valid JSON, so that its depth is the reason: a plain parse needs less stack than
 * one that visits each member.
 * @param kind the expected type
 */
export function nestsTooDeeply(value: SecretValue, kind: 'object' | 'any'): boolean {
  try {
    const root: unknown = JSON.parse(jsonText(value) ?? '');
    return kind === 'any' || asObject(root) !== undefined;
  } catch {
    return false;
  }
}

/** Where a value stops being JSON; undefined for JSON, and for bytes that are not text. */
export function faultPosition(value: SecretValue): Position | undefined {
  const text = jsonText(value);
  return text === undefined ? undefined : jsonFaultPosition(text);
}

/** The members of a JSON object as text; the text of null is null. */
export type SecretMembers = ReadonlyMap<string, string | null>;

/** @returns the members; undefined if the document is not an object or is nested too deeply for the stack */
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

/** Strings unchanged, numbers with their digits, objects and arrays as compact JSON. */
function textOf(member: unknown): string | null {
  if (member === null) return null;
  return typeof member === 'string' ? member : JSON.stringify(member);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return json.isRawJSON(value);
}

/** The JavaScript number; undefined for any other node. */
export function numberOf(node: JsonNode): number | undefined {
  if (typeof node === 'number') return node;
  return isExactNumber(node) ? Number(node.rawJSON) : undefined;
}

/** A number with the digits of a text; undefined if the text is not a JSON number. */
export function exactNumber(text: string): ExactNumber | undefined {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text) ? json.rawJSON(text) : undefined;
}

/** The members of a node that is an object. */
export function membersOf(node: JsonNode): JsonMembers | undefined {
  return isExactNumber(node) ? undefined : (asObject(node) as JsonMembers | undefined);
}

/** A computed number in JSON, with the sign of a negative zero. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

/**
 * Compact JSON. The length is checked while writing: a selection can contain the same array many times, so that a value that
 * is small in memory may be very long as text.
 * @param most the limit in UTF-16 units
 * @returns undefined if the text is longer
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

/** A node as text: strings unchanged, other nodes as compact JSON, of at most `most` UTF-16 units. */
export function nodeText(node: JsonNode, most: number): string | undefined {
  if (typeof node !== 'string') return compactJson(node, most);
  return node.length <= most ? node : undefined;
}
