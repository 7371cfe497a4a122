/** Finds members of maps, as kubectl decides between equal keys and merge keys. */
import { isMerge, keyText, mergedMaps } from './evaluate.ts';
import type { MapNode, Node, Pair } from './nodes.ts';

/** The pairs of a map without merge keys, by key. Nodes do not change. */
const INDICES = new WeakMap<MapNode, ReadonlyMap<string, Pair> | 'merges'>();

/** @returns undefined for a map with a merge key */
function indexOf(map: MapNode): ReadonlyMap<string, Pair> | undefined {
  const known =
    INDICES.get(map) ??
    (map.pairs.some(isMerge) ? 'merges' : new Map(map.pairs.map((pair) => [keyText(pair.key), pair])));
  INDICES.set(map, known);
  return known === 'merges' ? undefined : known;
}

/** The pair that decides the value of a key, unless a merge key does. */
export function ownPair(map: MapNode, key: string): Pair | undefined {
  const index = indexOf(map);
  if (index !== undefined) return index.get(key);
  const pair = map.pairs.findLast((one) =>
    isMerge(one) ? mergedPair(one, key) !== undefined : keyText(one.key) === key,
  );
  return pair === undefined || isMerge(pair) ? undefined : pair;
}

/** The pair that decides the value of a key, which can be in another map. */
export function pairOf(map: MapNode, key: string): Pair | undefined {
  const index = indexOf(map);
  if (index !== undefined) return index.get(key);
  for (const pair of map.pairs.toReversed()) {
    if (isMerge(pair)) {
      const merged = mergedPair(pair, key);
      if (merged !== undefined) return merged;
    } else if (keyText(pair.key) === key) return pair;
  }
  return undefined;
}

/** The node with the value of a key, which can be in another map. */
export function memberOf(map: MapNode, key: string): Node | undefined {
  const pair = pairOf(map, key);
  return pair?.value.kind === 'alias' ? pair.value.target : pair?.value;
}

function mergedPair(pair: Pair, key: string): Pair | undefined {
  for (const source of mergedMaps(pair).toReversed()) {
    const found = pairOf(source, key);
    if (found !== undefined) return found;
  }
  return undefined;
}
