/** Applies a JSON Patch to a YAML document. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLMap,
} from 'yaml';
import type { AddOperation } from '../../core/additions/patch.ts';

/**
 * Replaces every alias by a copy of what it refers to, if an operation would otherwise change a shared part.
 * @returns whether it did
 */
export function unshare(document: Document, operations: readonly AddOperation[]): boolean {
  if (!operations.some(({ path }) => isShared(document, keysOf(path)))) return false;
  visit(document, { Alias: (_key, alias) => alias.resolve(document)?.clone() as Node | undefined });
  visit(document, {
    Value: (_key, node) => {
      delete node.anchor;
    },
  });
  return true;
}

/** Applies operations to a document. @throws Error when the document has no such place */
export function editDocument(document: Document, operations: readonly AddOperation[]): void {
  for (const { path, value } of operations) {
    const keys = keysOf(path);
    const key = keys.at(-1) ?? '';
    const parent = nodeAt(document, keys.slice(0, -1));
    const node = document.createNode(value);
    if (isSeq(parent)) parent.items.splice(Number(key), 0, node);
    else if (isMap(parent)) setKey(document, parent, key, node);
    else throw new Error('the patch names a place that the document does not have');
    // A flow collection contains nothing else.
    if (isCollection(parent) && parent.flow === true) toFlow(node);
  }
}

/** Whether a change at a place would also change what an alias refers to, or would have to go through an alias. */
function isShared(document: Document, keys: readonly string[]): boolean {
  let node: unknown = document.contents;
  for (const key of keys) {
    if (isAlias(node)) return true;
    if (!isCollection(node)) return false;
    if (node.anchor !== undefined) return true;
    node = childOf(node, key);
  }
  return isAlias(node);
}

function nodeAt(document: Document, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((node, key) => childOf(node, key), document.contents);
}

function setKey(document: Document, map: YAMLMap, key: string, value: Node): void {
  const pair = map.items.find((one) => keyText(one.key) === key);
  if (pair !== undefined) pair.value = value;
  else {
    const name = document.createNode(key);
    if (map.flow === true) toFlow(name);
    map.items.push(document.createPair(name, value));
  }
}

function childOf(node: unknown, key: string): unknown {
  if (isSeq(node)) return node.items[Number(key)];
  if (isMap(node)) return node.items.find((pair) => keyText(pair.key) === key)?.value;
  return undefined;
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function toFlow(node: Node): void {
  visit(node, {
    Collection: (_key, collection) => {
      collection.flow = true;
    },
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string') scalar.type = 'QUOTE_DOUBLE';
    },
  });
}

function keysOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
