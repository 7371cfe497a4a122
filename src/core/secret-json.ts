/**
 * JSON inside a secret. Numbers keep the digits that the secret holds, and nothing the parser says is passed on:
 * V8's messages quote the text that they could not read.
 */
import { asObject } from './json.ts';
import type { SecretValue } from './secret-value.ts';

// ECMAScript's JSON.parse source text access (in Node since 21), newer than the `lib` that the core compiles with.
interface SourceTextJson {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
}
const json = JSON as unknown as SourceTextJson;

/** The members of a secret that is a JSON object, with their text form; a null is a member without a text. */
export type SecretMembers = ReadonlyMap<string, string | null>;

/** @returns the members, or undefined if the value is not the JSON text of an object. */
export function readMembers(value: SecretValue): SecretMembers | undefined {
  const text = value.revealText();
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = json.parse(text, (_key, member, context) =>
      typeof member === 'number' && context.source !== undefined ? json.rawJSON(context.source) : member,
    );
  } catch {
    return undefined;
  }
  const object = json.isRawJSON(parsed) ? undefined : asObject(parsed);
  if (object === undefined) return undefined;
  const members = new Map<string, string | null>();
  for (const key of Object.keys(object)) members.set(key, textOf(object[key]));
  return members;
}

/** Strings as they are; numbers with their own digits; objects and arrays as compact JSON. */
function textOf(member: unknown): string | null {
  if (member === null) return null;
  return typeof member === 'string' ? member : JSON.stringify(member);
}
