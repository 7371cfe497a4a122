/** Removes members and elements from the text of a document. Comments in lines of their own stay. */

import type { Path } from '../../core/pod/pod-templates.ts';
import { keyText } from '../yaml/evaluate.ts';
import type { Item, ListNode, MapNode, Node, Pair } from '../yaml/nodes.ts';
import { Lines, type Splice } from './lines.ts';

/** A member or an element. */
interface Part {
  /** Of its key or its `-`, or else of its value. */
  readonly start: number;
  readonly end: number;
}

/**
 * The splices that remove some places of a document.
 * @param paths of which none is below another one
 * @returns undefined if a place is not in the text, for example because an alias or a merge key brings it
 */
export function removalsOf(text: string, root: Node, paths: readonly Path[]): readonly Splice[] | undefined {
  const gone = new Map<MapNode | ListNode, Set<number>>();
  for (const path of paths) {
    const place = findPart(root, path);
    if (place === undefined) return undefined;
    const known = gone.get(place.collection) ?? new Set();
    gone.set(place.collection, known.add(place.index));
  }
  const lines = new Lines(text);
  const splices: Splice[] = [];
  for (const [collection, indices] of gone) {
    const parts = collection.kind === 'map' ? collection.pairs.map(pairPart) : collection.items.map(itemPart);
    const remove = collection.isFlow ? flowSplices : blockSplices;
    splices.push(...remove(lines, parts, indices));
  }
  return splices;
}

function findPart(
  root: Node,
  path: Path,
): { readonly collection: MapNode | ListNode; readonly index: number } | undefined {
  let node: Node | undefined = root;
  for (const [depth, key] of path.entries()) {
    if (node?.kind !== 'map' && node?.kind !== 'list') return undefined;
    const index: number = indexOf(node, key);
    if (index < 0) return undefined;
    if (depth === path.length - 1) return { collection: node, index };
    node = node.kind === 'map' ? node.pairs[index]?.value : node.items[index]?.value;
  }
  return undefined;
}

/** A key that occurs twice cannot be removed by removing one of them. */
function indexOf(node: MapNode | ListNode, key: string | number): number {
  if (node.kind === 'list') return Number(key);
  const [index = -1, ...others] = node.pairs.flatMap((pair, place) =>
    keyText(pair.key) === String(key) ? [place] : [],
  );
  return others.length === 0 ? index : -1;
}

function pairPart({ key, value }: Pair): Part {
  return { start: key.outerStart, end: Math.max(key.end, value.end) };
}

function itemPart({ dash, value }: Item): Part {
  return { start: dash >= 0 ? dash : value.outerStart, end: Math.max(value.end, dash + 1) };
}

/** Whole lines; where the first part follows a dash, up to the next part. */
function* blockSplices(lines: Lines, parts: readonly Part[], gone: ReadonlySet<number>): Generator<Splice> {
  for (const [index, part] of parts.entries()) {
    if (!gone.has(index)) continue;
    if (lines.isFirstOfLine(part.start)) {
      const at = lines.startOf(part.start);
      yield { at, remove: lines.after(part.end) - at, text: '' };
      continue;
    }
    const next = parts.findIndex((_part, other) => other > index && !gone.has(other));
    const end = parts[next]?.start ?? part.end;
    yield { at: part.start, remove: end - part.start, text: '' };
    // What is between has gone with it.
    return yield* blockSplices(lines, parts, new Set([...gone].filter((other) => next >= 0 && other > next)));
  }
}

/** With the comma before or after each part. */
function* flowSplices(_lines: Lines, parts: readonly Part[], gone: ReadonlySet<number>): Generator<Splice> {
  const lastKept = parts.findLastIndex((_part, index) => !gone.has(index));
  const trailing = parts.at(-1);
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    if (gone.has(index) && index < lastKept && next !== undefined)
      yield { at: part.start, remove: next.start - part.start, text: '' };
  }
  const from = lastKept < 0 ? parts[0]?.start : parts[lastKept]?.end;
  if (trailing !== undefined && from !== undefined && lastKept < parts.length - 1)
    yield { at: from, remove: trailing.end - from, text: '' };
}
