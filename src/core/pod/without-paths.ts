/** Removes places from data. Lists and maps that become empty are removed as well. */
import { asArray, asObject } from '../json.ts';
import type { Path } from './pod-templates.ts';

/** Maps that stay even if they are empty: annotations are added to them. */
const REQUIRED = new Set(['annotations', 'metadata', 'spec', 'template']);

/**
 * The places to remove so that no list or map is left empty: a place stands for its last element that goes.
 * @returns paths of which none is below another one
 */
export function wholePlaces(data: unknown, paths: readonly Path[]): readonly Path[] {
  const tree = new Map<string, { readonly path: Path }>(
    paths.map((path) => [JSON.stringify(path), { path }]),
  );
  const isGone = (path: Path): boolean => tree.has(JSON.stringify(path));
  const places: Path[] = [];
  const visit = (node: unknown, path: Path): boolean => {
    if (isGone(path)) return true;
    const children = childrenOf(node, path).map(({ child, at }) => ({ at, gone: visit(child, at) }));
    const isEmpty =
      children.length > 0 && children.every(({ gone }) => gone) && !REQUIRED.has(String(path.at(-1)));
    if (isEmpty) return true;
    for (const { at, gone } of children) if (gone) places.push(at);
    return false;
  };
  visit(data, []);
  return places;
}

function childrenOf(node: unknown, path: Path): readonly { readonly child: unknown; readonly at: Path }[] {
  const items = asArray(node);
  if (items !== undefined) return items.map((child, index) => ({ child, at: [...path, index] }));
  return Object.entries(asObject(node) ?? {}).map(([key, child]) => ({ child, at: [...path, key] }));
}

/** A copy without some places. */
export function withoutPaths(data: unknown, paths: readonly Path[]): unknown {
  const gone = new Set(wholePlaces(data, paths).map((path) => JSON.stringify(path)));
  const copy = (node: unknown, path: Path): unknown => {
    const kept = childrenOf(node, path).filter(({ at }) => !gone.has(JSON.stringify(at)));
    if (Array.isArray(node)) return kept.map(({ child, at }) => copy(child, at));
    if (asObject(node) === undefined) return node;
    return Object.fromEntries(kept.map(({ child, at }) => [String(at.at(-1)), copy(child, at)]));
  };
  return copy(data, []);
}
