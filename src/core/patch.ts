/**
 * JSON Patch (RFC 6902) built from `add` operations alone, each applied to a working copy as it is emitted.
 *
 * Whether a list exists is read from the working copy, never from the original, so two operations cannot both
 * "add the whole list". Nothing is ever diffed: a positional diff rewrites the neighbours of what it inserts.
 */
import jsonpatch from 'fast-json-patch';
import { asArray, asObject } from './json.ts';

export interface AddOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

type Key = string | number;

/** Collects operations on a document that is never modified itself. */
export class PatchBuilder {
  readonly #operations: AddOperation[] = [];
  /** Containers of the working copy that are ours to modify: everything else is shared with the original. */
  readonly #owned = new WeakSet<object>();
  #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  get operations(): readonly AddOperation[] {
    return this.#operations;
  }

  /** The document as it is after all operations so far. */
  get document(): unknown {
    return this.#document;
  }

  /** Adds a member to an object, or inserts an element before the given index of a list. The parent must exist. */
  add(path: readonly Key[], value: unknown): void {
    this.#own(path.slice(0, -1));
    const operation: AddOperation = { op: 'add', path: pointer(path), value };
    // With validation a missing parent or an index past the end is an error here, not a 500 in the API server.
    const applied = jsonpatch.applyOperation(this.#document, operation, true, true, true);
    this.#document = applied.newDocument;
    this.#operations.push(operation);
  }

  /** Appends to a list, which is made first where it is absent or null. */
  append(path: readonly Key[], value: unknown): void {
    this.insert(path, Number.POSITIVE_INFINITY, value);
  }

  /** Inserts into a list at an index (cut to the list's length); the list is made where it is absent or null. */
  insert(path: readonly Key[], index: number, value: unknown): void {
    const list = asArray(this.#at(path));
    if (list === undefined) this.add(path, []);
    const length = list?.length ?? 0;
    this.add([...path, Math.min(index, length)], value);
  }

  #at(path: readonly Key[]): unknown {
    let node: unknown = this.#document;
    for (const key of path) node = childOf(node, key);
    return node;
  }

  /** Copies the containers along a path, once, so that the original stays as it was. Costs the path, not the document. */
  #own(path: readonly Key[]): void {
    this.#document = this.#copy(this.#document);
    let parent: unknown = this.#document;
    for (const key of path) {
      const copy = this.#copy(childOf(parent, key));
      if (Array.isArray(parent)) parent[Number(key)] = copy;
      else
        Object.defineProperty(parent, key, {
          value: copy,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      parent = copy;
    }
  }

  #copy(node: unknown): unknown {
    if (typeof node !== 'object' || node === null || this.#owned.has(node)) return node;
    const copy = Array.isArray(node) ? [...node] : { ...node };
    this.#owned.add(copy);
    return copy;
  }
}

function childOf(node: unknown, key: Key): unknown {
  if (typeof key === 'number') return asArray(node)?.[key];
  const object = asObject(node);
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A JSON Pointer (RFC 6901). */
export function pointer(path: readonly Key[]): string {
  let text = '';
  for (const key of path) text += `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return text;
}
