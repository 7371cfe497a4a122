/** The JSON of a secret as a tree, for the formats that write it. */
import { asArray, asObject } from '../json.ts';
import { isExactNumber } from '../secret/secret-json.ts';
import { encodingFault, type VariableFault } from './line-dialect.ts';

/**
 * The deepest nesting that is written. Readers have limits from 64 levels up (.NET; serde in Rust has 128, PyYAML stops at
 * about 300), and the recursion here needs a limit as well.
 */
const DEEPEST = 64;

/** The digits of a number; undefined for any other node. */
export function numberText(node: unknown): string | undefined {
  return typeof node === 'number' || isExactNumber(node) ? JSON.stringify(node) : undefined;
}

/** The top-level members of a document that is an object. In a map, names such as `__proto__` are plain data. */
export function membersOf(document: unknown): ReadonlyMap<string, unknown> | undefined {
  const object = numberText(document) === undefined ? asObject(document) : undefined;
  return object === undefined ? undefined : new Map(Object.entries(object));
}

/** Why a document cannot be written as a tree, by top-level member. */
export function documentFaults(document: unknown): readonly VariableFault[] {
  const members = membersOf(document);
  if (members === undefined) return faultsOf('', document, 0);
  return [...members].flatMap(([name, member]) => faultsOf(name, member, 1));
}

function faultsOf(name: string, node: unknown, depth: number): readonly VariableFault[] {
  const fault = encodingFault(name) ?? treeFault(node, depth);
  return fault === undefined ? [] : [{ name, fault }];
}

/** The first fault in a node at the given depth. */
export function treeFault(node: unknown, depth: number): string | undefined {
  if (typeof node === 'string') return encodingFault(node);
  if (numberText(node) !== undefined) return undefined;
  const array = asArray(node);
  const object = array === undefined ? asObject(node) : undefined;
  if (array === undefined && object === undefined) return undefined;
  if (depth >= DEEPEST) return `is nested more than ${DEEPEST} levels deep`;
  for (const name of Object.keys(object ?? {})) {
    const fault = encodingFault(name);
    if (fault !== undefined) return fault;
  }
  for (const child of array ?? Object.values(object ?? {})) {
    const fault = treeFault(child, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
