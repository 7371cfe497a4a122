/** Applies the operations of a JSON Patch to a parsed document, without changing its nodes. */
import type { AddOperation } from '../../core/additions/patch.ts';
import { evaluate } from '../yaml/evaluate.ts';
import { memberOf, ownPair } from '../yaml/members.ts';
import type { Item, ListNode, MapNode, Node, Pair } from '../yaml/nodes.ts';

/** A member that is added to a map, or takes the place of a pair. */
export interface NewMember {
  value: unknown;
  readonly replaces: Pair | undefined;
}

/** An element of a list: one of the source, or a new one, which can take the place of an alias. */
export type Entry = { readonly item: Item } | { value: unknown; readonly replaces: Item | undefined };

/** What to change in a document. */
export class Edits {
  readonly members = new Map<MapNode, Map<string, NewMember>>();
  readonly entries = new Map<ListNode, Entry[]>();
  readonly #root: Node;

  constructor(root: Node) {
    this.#root = root;
  }

  /** @throws Error when the document has no such place */
  add({ path, ...operation }: AddOperation): void {
    const keys = keysOf(path);
    // Later operations can change it.
    const value = structuredClone(operation.value);
    let node = this.#root;
    for (const [depth, key] of keys.entries()) {
      const rest = keys.slice(depth + 1);
      if (rest.length === 0) {
        this.#put(node, key, value);
        return;
      }
      const child = this.#child(node, key);
      if ('value' in child && !('kind' in child)) {
        addTo(child.value, rest, value);
        return;
      }
      node = child as Node;
    }
  }

  isEdited(node: Node): boolean {
    return this.members.has(node as MapNode) || this.entries.has(node as ListNode);
  }

  #put(node: Node, key: string, value: unknown): void {
    if (node.kind === 'list') this.#entriesOf(node).splice(Number(key), 0, { value, replaces: undefined });
    else if (node.kind === 'map') this.#membersOf(node).set(key, { value, replaces: ownPair(node, key) });
    else throw missing();
  }

  /** @returns a node of the source, or a holder of new data */
  #child(node: Node, key: string): Node | { value: unknown } {
    if (node.kind === 'list') {
      const entries = this.#entriesOf(node);
      const entry = entries[Number(key)];
      if (entry === undefined) throw missing();
      if (!('item' in entry)) return entry;
      if (entry.item.value.kind !== 'alias') return entry.item.value;
      const copy = { value: evaluate(entry.item.value.target), replaces: entry.item };
      entries[Number(key)] = copy;
      return copy;
    }
    if (node.kind !== 'map') throw missing();
    const known = this.members.get(node)?.get(key);
    if (known !== undefined) return known;
    const pair = ownPair(node, key);
    if (pair !== undefined && pair.value.kind !== 'alias') return pair.value;
    const source = memberOf(node, key);
    if (source === undefined) throw missing();
    const copy = { value: evaluate(source), replaces: pair };
    this.#membersOf(node).set(key, copy);
    return copy;
  }

  #membersOf(map: MapNode): Map<string, NewMember> {
    const known = this.members.get(map) ?? new Map<string, NewMember>();
    this.members.set(map, known);
    return known;
  }

  #entriesOf(list: ListNode): Entry[] {
    const known = this.entries.get(list) ?? list.items.map((item) => ({ item }));
    this.entries.set(list, known);
    return known;
  }
}

function addTo(data: unknown, keys: readonly string[], value: unknown): void {
  const [key = '', ...rest] = keys;
  if (typeof data !== 'object' || data === null) throw missing();
  if (rest.length > 0) {
    if (!Object.hasOwn(data, key)) throw missing();
    addTo((data as Record<string, unknown>)[key], rest, value);
  } else if (Array.isArray(data)) data.splice(Number(key), 0, value);
  else Object.assign(data, { [key]: value });
}

function missing(): Error {
  return new Error('the patch names a place that the document does not have');
}

function keysOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
