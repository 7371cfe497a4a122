/** From operations, which count in the patched pod, to insertions, which count in the original one. */

import type { AddOperation } from '../../core/additions/patch.ts';
import { asArray } from '../../core/json.ts';
import type { Path } from './pod-templates.ts';

/** Elements that go into one list of the original. */
export interface ListInsertion {
  /** Of the list, in the original. */
  readonly path: Path;
  /** The list is absent or null in the original. */
  readonly isNew: boolean;
  /** Index in the original that the elements go before; the list's length to append. */
  readonly groups: readonly { readonly before: number; readonly values: readonly unknown[] }[];
}

interface Growing {
  isNew: boolean;
  /** For each element of the list as it is now: its index in the original, or the value that was added. */
  readonly elements: ({ readonly from: number } | { readonly value: unknown })[];
  readonly path: Path;
}

/**
 * Follows the operations on the lists that they touch.
 * @param lengthOf the length of a list in the original; 0 where it is absent
 */
export function listInsertions(
  operations: readonly AddOperation[],
  at: Path,
  lengthOf: (path: Path) => number,
): readonly ListInsertion[] {
  const lists = new Map<string, Growing>();
  const listAt = (path: Path): Growing => {
    const key = JSON.stringify(path);
    const known = lists.get(key);
    if (known !== undefined) return known;
    const made: Growing = {
      isNew: false,
      path,
      elements: Array.from({ length: lengthOf(path) }, (_, from) => ({ from })),
    };
    lists.set(key, made);
    return made;
  };
  for (const operation of operations) {
    const path = originalPath([...at, ...keysOf(operation.path)], lists);
    const index = path.at(-1);
    if (typeof index === 'number')
      listAt(path.slice(0, -1)).elements.splice(index, 0, { value: operation.value });
    else {
      const list = listAt(path);
      list.isNew = true;
      // A list that is made may come with its elements.
      for (const value of asArray(operation.value) ?? []) list.elements.push({ value });
    }
  }
  return [...lists.values()].map(({ isNew, elements, path }) => ({
    path,
    isNew,
    groups: groupsOf(elements, lengthOf(path)),
  }));
}

/** Indices before the last are of the patched pod: each list that grew says which element is meant. */
function originalPath(path: Path, lists: ReadonlyMap<string, Growing>): Path {
  const original: (string | number)[] = [];
  for (const [depth, key] of path.entries()) {
    const list =
      typeof key === 'number' && depth < path.length - 1 ? lists.get(JSON.stringify(original)) : undefined;
    const element = list?.elements[Number(key)];
    if (element !== undefined && 'value' in element)
      throw new RangeError('a patch changes what it has just added');
    original.push(element === undefined ? key : element.from);
  }
  return original;
}

function groupsOf(elements: Growing['elements'], length: number): ListInsertion['groups'] {
  const groups: { before: number; values: unknown[] }[] = [];
  let before = length;
  for (const element of elements.toReversed()) {
    if ('from' in element) {
      before = element.from;
      continue;
    }
    const group = groups.at(-1);
    if (group?.before === before) group.values.unshift(element.value);
    else groups.push({ before, values: [element.value] });
  }
  return groups;
}

/** A JSON Pointer as keys; numbers are indices, since no key of a pod's own structure is one. */
function keysOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
}
