/** A secret's JSON as a tree, as far as the dialects look at it. */
import { asArray, asObject } from '../json.ts';
import { isExactNumber } from '../secret/secret-json.ts';
import { encodingFault, type VariableFault } from './line-dialect.ts';

/**
 * Deepest nesting that is written. Readers have limits of their own, from 64 levels up (.NET; Rust's serde
 * has 128, PyYAML ends at about 300), and recursion here needs one too.
 */
const DEEPEST = 64;

/**
 * The digits of a number, whether it kept those of the secret or was computed; undefined for what is none.
 */
export function numberText(node: unknown): string | undefined {
  return typeof node === 'number' || isExactNumber(node) ? JSON.stringify(node) : undefined;
}

/**
 * The document's top-level members if it is an object. A map, since names such as `__proto__` are plain data.
 */
export function membersOf(document: unknown): ReadonlyMap<string, unknown> | undefined {
  const object = numberText(document) === undefined ? asObject(document) : undefined;
  return object === undefined ? undefined : new Map(Object.entries(object));
}

/** What keeps a document from being written as a tree, told by top-level member. */
export function documentFaults(document: unknown): readonly VariableFault[] {
  const members = membersOf(document);
  if (members === undefined) return faultsOf('', document, 0);
  return [...members].flatMap(([name, member]) => faultsOf(name, member, 1));
}

function faultsOf(name: string, node: unknown, depth: number): readonly VariableFault[] {
  const fault = encodingFault(name) ?? treeFault(node, depth);
  return fault === undefined ? [] : [{ name, fault }];
}

/** The first fault inside a node that lies `depth` levels down. */
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
