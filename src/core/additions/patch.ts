/**
 * Builds a JSON Patch (RFC 6902) from `add` operations only. Each operation is applied to a working copy at once, so that
 * two operations cannot both add the same list. There is no diffing: a positional diff rewrites the elements next to an
 * inserted one.
 */

export interface AddOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

type Key = string | number;
type Members = Record<string, unknown>;

/** Collects operations on a document. The document itself is not modified. */
export class PatchBuilder {
  readonly #operations: AddOperation[] = [];
  /** Objects and lists of the working copy that were copied already; all others are shared with the original. */
  readonly #owned = new Set<object>();
  #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  get operations(): readonly AddOperation[] {
    return this.#operations;
  }

  /** The document after all operations so far. */
  get document(): unknown {
    return this.#document;
  }

  /** Appends to a list. A list that is missing or null is created. */
  append(path: readonly Key[], value: unknown): void {
    this.insert(path, Number.POSITIVE_INFINITY, value);
  }

  /** Inserts into a list at an index, or at the end of a shorter list. A list that is missing or null is created. */
  insert(path: readonly Key[], index: number, value: unknown): void {
    const list = this.#ownList(path);
    const at = Math.min(index, list.length);
    list.splice(at, 0, value);
    this.#emit(`${pointer(path)}/${at}`, value);
  }

  /** Inserts several elements, in one operation if the list has to be created. */
  insertAll(path: readonly Key[], index: number, values: readonly unknown[]): void {
    const isThere = this.#list(path) !== undefined;
    if (!isThere) this.#makeList(path, values);
    else for (const [offset, value] of values.entries()) this.insert(path, index + offset, value);
  }

  /** Adds a member to the object at a path. */
  setMember(path: readonly Key[], name: string, value: unknown): void {
    const object = this.#ownAt(path, path.length);
    (object as Members)[name] = value;
    this.#emit(pointer([...path, name]), value);
  }

  #emit(path: string, value: unknown): void {
    this.#operations.push({ op: 'add', path, value });
  }

  /** The list at a path, copied for modification. A missing list is created. */
  #ownList(path: readonly Key[]): unknown[] {
    // The list is created empty: its elements have operations of their own.
    return this.#list(path) ?? this.#makeList(path, []);
  }

  /** The list at a path, copied for modification; undefined if it is missing or null. */
  #list(path: readonly Key[]): unknown[] | undefined {
    const last = path.length - 1;
    const parent = this.#ownAt(path, last);
    const key = path[last] ?? '';
    const child = childOf(parent, key);
    if (child === undefined || child === null) return undefined;
    if (!Array.isArray(child)) throw new TypeError(`a patch needs ${pointer(path)} to be a list`);
    const owned = this.#own(child) as unknown[];
    (parent as Members)[key] = owned;
    return owned;
  }

  #makeList(path: readonly Key[], elements: readonly unknown[]): unknown[] {
    const list = [...elements];
    this.#owned.add(list);
    const last = path.length - 1;
    (this.#ownAt(path, last) as Members)[path[last] ?? ''] = list;
    this.#emit(pointer(path), elements);
    return list;
  }

  /** The object or list at the first `depth` keys of a path, copied for modification. Only the path is copied. */
  #ownAt(path: readonly Key[], depth: number): object {
    this.#document = this.#own(this.#document);
    let parent: unknown = this.#document;
    for (let at = 0; at < depth; at += 1) {
      const key = path[at] ?? '';
      const child = childOf(parent, key);
      if (typeof child !== 'object' || child === null)
        throw new TypeError(`a patch needs ${pointer(path.slice(0, at + 1))} to exist`);
      const owned = this.#own(child);
      (parent as Members)[key] = owned;
      parent = owned;
    }
    if (typeof parent !== 'object' || parent === null) throw new TypeError('a patch needs an object');
    return parent;
  }

  #own(node: unknown): unknown {
    if (typeof node !== 'object' || node === null || this.#owned.has(node)) return node;
    const copy = Array.isArray(node) ? [...node] : { ...node };
    this.#owned.add(copy);
    return copy;
  }
}

function childOf(node: unknown, key: Key): unknown {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
  return (node as Members)[key];
}

/** A JSON Pointer (RFC 6901). */
export function pointer(path: readonly Key[]): string {
  let text = '';
  for (const key of path) {
    const isPlain = typeof key === 'number' || !(key.includes('/') || key.includes('~'));
    text += `/${isPlain ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return text;
}
