/** Fixes of findings in the text of a document. A fix is made only if it changes the data as intended, and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import type { LintFix } from '../../core/advice/lint/finding.ts';
import { asObject } from '../../core/json.ts';
import type { Path } from '../../core/pod/pod-templates.ts';
import { Lines, type Splice, spliced } from '../manifests/lines.ts';
import { removalsOf } from '../manifests/removals.ts';
import { readDocuments, type SourceDocument } from '../yaml/documents.ts';
import { ownPair } from '../yaml/members.ts';
import type { MapNode, Node, Pair } from '../yaml/nodes.ts';
import { ownMapAt } from './source-places.ts';

/** A change of one annotation. */
export interface Fix {
  /** From the root of the document to the map that contains the annotation. */
  readonly map: Path;
  readonly key: string;
  /** `move` adds the annotation to the metadata of the pod template at a path. */
  readonly change: LintFix | { readonly kind: 'move'; readonly template: Path };
}

type Data = Record<string, unknown>;

/** Further fixes of a document are left to the next run. */
const MOST_FIXES = 500;
/** How many fixes of a document are tried one after the other, if all together fail. Each try reads the document. */
const MOST_TRIES = 20;

/**
 * Makes the splices for fixes of a document, with offsets in the file.
 * @returns the splices and the fixes that they make. A fix that the layout does not allow is left out
 */
export function fixDocument(
  document: SourceDocument,
  wanted: readonly Fix[],
): { readonly splices: readonly Splice[]; readonly made: ReadonlySet<Fix> } {
  const fixes = wanted.slice(0, MOST_FIXES);
  const all = spliceAll(document, fixes);
  const made = new Set(all === undefined ? [] : fixes);
  for (const fix of all === undefined ? fixes.slice(0, MOST_TRIES) : [])
    if (spliceAll(document, [...made, fix]) !== undefined) made.add(fix);
  const splices = all ?? spliceAll(document, [...made]) ?? [];
  return { made, splices: splices.map((splice) => ({ ...splice, at: splice.at + document.origin })) };
}

/** @returns undefined if the result would not be what is intended */
function spliceAll(document: SourceDocument, fixes: readonly Fix[]): readonly Splice[] | undefined {
  const { root, text, isJson, data } = document;
  if (root === undefined) return undefined;
  const lines = new Lines(text);
  const expected = structuredClone(data) as unknown;
  const begun = new Set<number>();
  const splices: Splice[] = [];
  for (const fix of fixes) {
    const map = ownMapAt(root, fix.map);
    const pair = map === undefined ? undefined : ownPair(map, fix.key);
    const target = at(expected, fix.map);
    if (map === undefined || pair === undefined || target === undefined) return undefined;
    const own = spliceOne(lines, root, { map, pair, fix, begun });
    if (own === undefined) return undefined;
    splices.push(...own);
    applyFix(expected, target, fix, text.slice(pair.value.start, pair.value.end));
  }
  const removals = removalsOf(text, root, removedPaths(fixes, expected));
  if (removals === undefined) return undefined;
  splices.push(...removals);
  const start = isJson ? root.start : 0;
  const own = isJson ? text.slice(start, root.end) : text;
  const moved = splices.map((splice) => ({ ...splice, at: splice.at - start }));
  const read = readDocuments(spliced(own, moved));
  const isRight =
    read.ok &&
    isDeepStrictEqual(
      read.value.map((one) => one.data),
      [expected],
    );
  return isRight ? splices : undefined;
}

interface Place {
  readonly map: MapNode;
  readonly pair: Pair;
  readonly fix: Fix;
  /** Where missing maps were added already. */
  readonly begun: Set<number>;
}

/** The splices of a fix besides removals. @returns undefined if the layout does not allow it */
function spliceOne(
  lines: Lines,
  root: Node,
  { map, pair: { key, value }, fix, begun }: Place,
): readonly Splice[] | undefined {
  const { change } = fix;
  switch (change.kind) {
    case 'remove':
      return [];
    case 'rename': {
      const source = lines.text.slice(key.start, key.end);
      const at = key.start + source.indexOf(fix.key);
      return source.includes(fix.key) ? [{ at, remove: fix.key.length, text: change.key }] : undefined;
    }
    case 'quote': {
      const source = lines.text.slice(value.start, value.end);
      return value.kind === 'scalar' && /^[\w.+-]+$/.test(source)
        ? [{ at: value.start, remove: source.length, text: `"${source}"` }]
        : undefined;
    }
    case 'move': {
      if (map.isFlow || !lines.isFirstOfLine(key.outerStart)) return undefined;
      const end = lines.after(Math.max(value.end, key.end));
      const source = lines.text.slice(lines.startOf(key.outerStart), end);
      const added = addition(lines, root, change.template, { source, column: map.column, begun });
      return added === undefined ? undefined : [added];
    }
  }
}

/** The annotations to remove. Of a map of which nothing is left, the map: its key alone would be null. */
function removedPaths(fixes: readonly Fix[], expected: unknown): readonly Path[] {
  const paths = new Map<string, Path>();
  for (const { map, key, change } of fixes) {
    if (change.kind !== 'remove' && change.kind !== 'move') continue;
    const isEmpty = Object.keys(at(expected, map) ?? {}).length === 0;
    const path = isEmpty ? map : [...map, key];
    paths.set(JSON.stringify(path), path);
  }
  for (const path of paths.values()) {
    const parent = at(expected, path.slice(0, -1));
    if (parent !== undefined) delete parent[String(path.at(-1))];
  }
  return [...paths.values()];
}

/** Adds lines to the annotations of a pod template, and the maps around them where they are missing. */
function addition(
  lines: Lines,
  root: Node,
  template: Path,
  moved: { readonly source: string; readonly column: number; readonly begun: Set<number> },
): Splice | undefined {
  const known = [['metadata', 'annotations'], ['metadata'], []].find(
    (path) => ownMapAt(root, [...template, ...path]) !== undefined,
  );
  const map = known === undefined ? undefined : ownMapAt(root, [...template, ...known]);
  const [first] = map?.pairs ?? [];
  if (known === undefined || map === undefined || map.isFlow || first === undefined) return undefined;
  if (!lines.isFirstOfLine(first.key.outerStart)) return undefined;
  const missing = ['metadata', 'annotations'].slice(known.length);
  const heads = missing.map((name, depth) => `${' '.repeat(map.column + 2 * depth)}${name}:${lines.newline}`);
  const shift = map.column + 2 * missing.length - moved.column;
  const text = shifted(moved.source, shift, lines.newline);
  const at = lines.startOf(first.key.outerStart);
  // Other annotations that move to the same place follow the first.
  const isFirst = !moved.begun.has(at);
  moved.begun.add(at);
  return { at, remove: 0, text: isFirst ? heads.join('') + text : text };
}

function shifted(source: string, by: number, newline: string): string {
  const text = source
    .split('\n')
    .map((line) => (line.trim() === '' ? line : by < 0 ? line.slice(-by) : ' '.repeat(by) + line))
    .join('\n');
  return text.endsWith('\n') ? text : text + newline;
}

function at(data: unknown, path: Path): Data | undefined {
  const found = path.reduce<unknown>((node, key) => (node as Data | undefined)?.[key], data);
  return asObject(found) as Data | undefined;
}

function applyFix(data: unknown, target: Data, { key, change }: Fix, source: string): void {
  const value = target[key];
  if (change.kind === 'quote') target[key] = source;
  else delete target[key];
  if (change.kind === 'rename') target[change.key] = value;
  if (change.kind === 'move') {
    let map = at(data, change.template);
    for (const name of ['metadata', 'annotations']) {
      if (map === undefined) return;
      if (asObject(map[name]) === undefined) map[name] = {};
      map = asObject(map[name]) as Data;
    }
    if (map !== undefined) map[key] = value;
  }
}
