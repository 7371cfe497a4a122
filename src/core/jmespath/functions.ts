/** The functions of JMESPath over exact numbers. A number that a function only selects or compares keeps its digits. */

import {
  compactJson,
  exactNumber,
  isExactNumber,
  type JsonMembers,
  type JsonNode,
  membersOf,
  numberOf,
} from '../secret/secret-json.ts';
import type { FunctionName } from './signatures.ts';

/** The evaluation that calls a function. */
export interface Caller {
  /** Counts work. Throws when the limit is exceeded. */
  spend(steps: number): void;
  /** Ends the evaluation with a fault that continues the sentence "the expression …". */
  fail(fault: string): never;
  /** Evaluates the expression that was passed with `&`. */
  evaluate(item: JsonNode): JsonNode;
}

type Arguments = readonly JsonNode[];

/** Calls a function. The caller has checked the number and the types of the arguments. */
export function callFunction(name: FunctionName, given: Arguments, caller: Caller): JsonNode {
  const [first = null, second = null] = given;
  switch (name) {
    case 'abs':
      return computed(first, Math.abs);
    case 'ceil':
      return computed(first, Math.ceil);
    case 'floor':
      return computed(first, Math.floor);
    case 'avg':
      return itemsOf(first).length === 0 ? null : sum(first) / itemsOf(first).length;
    case 'sum':
      return sum(first);
    case 'contains':
      return contains(first, second, caller);
    case 'ends_with':
      return textOf(first).endsWith(textOf(second));
    case 'starts_with':
      return textOf(first).startsWith(textOf(second));
    case 'join':
      return join(textOf(first), itemsOf(second).map(textOf), caller);
    case 'keys':
      return Object.keys(objectOf(first));
    case 'values':
      return Object.values(objectOf(first));
    case 'length':
      return lengthOf(first);
    case 'map':
      return itemsOf(second).map((item) => caller.evaluate(item));
    case 'max':
      return sorted(itemsOf(first)).at(-1) ?? null;
    case 'min':
      return sorted(itemsOf(first))[0] ?? null;
    case 'max_by':
      return sortedBy(itemsOf(first), name, caller).at(-1) ?? null;
    case 'min_by':
      return sortedBy(itemsOf(first), name, caller)[0] ?? null;
    case 'sort':
      return sorted(itemsOf(first));
    case 'sort_by':
      return sortedBy(itemsOf(first), name, caller);
    case 'merge':
      return merge(given, caller);
    case 'not_null':
      return given.find((one) => one !== null) ?? null;
    case 'reverse':
      return Array.isArray(first) ? first.toReversed() : [...textOf(first)].reverse().join('');
    case 'to_array':
      return Array.isArray(first) ? first : [first];
    case 'to_number':
      return toNumber(first);
    case 'to_string':
      return toText(first, caller);
    case 'type':
      return typeOf(first);
  }
}

/** The name of the type in JMESPath. */
export function typeOf(node: JsonNode): 'null' | 'boolean' | 'string' | 'number' | 'array' | 'object' {
  if (node === null) return 'null';
  if (typeof node === 'boolean') return 'boolean';
  if (typeof node === 'string') return 'string';
  if (typeof node === 'number' || isExactNumber(node)) return 'number';
  return Array.isArray(node) ? 'array' : 'object';
}

/** Whether two nodes are deeply equal. */
export function areEqual(left: JsonNode, right: JsonNode, caller: Pick<Caller, 'spend'>): boolean {
  caller.spend(typeof left === 'string' ? left.length + 1 : 1);
  if (left === right) return true;
  const number = numberOf(left);
  if (number !== undefined) return number === numberOf(right);
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item: JsonNode, index) => areEqual(item, right[index], caller))
    );
  }
  const [mine, theirs] = [membersOf(left), membersOf(right)];
  if (mine === undefined || theirs === undefined) return false;
  const keys = Object.keys(mine);
  return (
    keys.length === Object.keys(theirs).length &&
    keys.every(
      (key) => Object.hasOwn(theirs, key) && areEqual(mine[key] ?? null, theirs[key] ?? null, caller),
    )
  );
}

function textOf(node: JsonNode): string {
  return typeof node === 'string' ? node : '';
}

function itemsOf(node: JsonNode): readonly JsonNode[] {
  return Array.isArray(node) ? node : [];
}

function objectOf(node: JsonNode): JsonMembers {
  return membersOf(node) ?? {};
}

function computed(node: JsonNode, compute: (value: number) => number): JsonNode {
  const value = numberOf(node) ?? 0;
  const result = compute(value);
  return Object.is(result, value) ? node : result;
}

function sum(node: JsonNode): number {
  return itemsOf(node).reduce((total: number, item) => total + (numberOf(item) ?? 0), 0);
}

function contains(subject: JsonNode, wanted: JsonNode, caller: Caller): boolean {
  if (typeof subject === 'string') return typeof wanted === 'string' && subject.includes(wanted);
  return itemsOf(subject).some((item) => areEqual(item, wanted, caller));
}

function join(glue: string, texts: readonly string[], caller: Caller): string {
  caller.spend(texts.reduce((length, text) => length + glue.length + text.length, 0));
  return texts.join(glue);
}

/** In characters, not in UTF-16 units. */
function lengthOf(node: JsonNode): number {
  if (typeof node === 'string') return [...node].length;
  return Array.isArray(node) ? node.length : Object.keys(objectOf(node)).length;
}

function merge(given: Arguments, caller: Caller): JsonNode {
  const entries = given.flatMap((one) => Object.entries(objectOf(one)));
  caller.spend(entries.length);
  // An assignment would set the prototype for the key __proto__.
  return Object.fromEntries(entries);
}

function sorted(items: readonly JsonNode[]): readonly JsonNode[] {
  return items.toSorted(compare);
}

function sortedBy(items: readonly JsonNode[], name: FunctionName, caller: Caller): readonly JsonNode[] {
  const keyed = items.map((item) => ({ item, key: caller.evaluate(item) }));
  caller.spend(keyed.reduce((total, { key }) => total + textOf(key).length, 0));
  const types = new Set(keyed.map(({ key }) => typeOf(key)));
  if (types.size > 1 || [...types].some((type) => type !== 'number' && type !== 'string'))
    caller.fail(`calls ${name} with keys that are neither all numbers nor all strings`);
  const order = keyed.toSorted((left, right) => compare(left.key, right.key));
  // With several largest elements the first one counts, as in other implementations.
  const last = order.at(-1);
  if (name === 'max_by' && last !== undefined)
    return order
      .filter(({ key }) => compare(key, last.key) === 0)
      .slice(0, 1)
      .map(({ item }) => item);
  return order.map(({ item }) => item);
}

/** Numbers by value, strings by code points: with UTF-16 units, characters above U+FFFF would come too early. */
function compare(left: JsonNode, right: JsonNode): number {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== undefined && b !== undefined) return a - b;
  return compareText(textOf(left), textOf(right));
}

function compareText(left: string, right: string): number {
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    if (left.charCodeAt(index) === right.charCodeAt(index)) continue;
    return (left.codePointAt(index) ?? 0) - (right.codePointAt(index) ?? 0);
  }
  return left.length - right.length;
}

function toNumber(node: JsonNode): JsonNode {
  if (typeof node === 'string') return exactNumber(node) ?? null;
  return typeOf(node) === 'number' ? node : null;
}

/** A longer text cannot be part of a result, and later steps must not multiply it. */
const LONGEST = 1_048_576;

function toText(node: JsonNode, caller: Caller): string {
  if (typeof node === 'string') return node;
  const text = compactJson(node, LONGEST) ?? caller.fail('results in a text of more than 1 MiB');
  caller.spend(text.length);
  return text;
}
