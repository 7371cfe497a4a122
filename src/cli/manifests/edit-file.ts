/** Applies a JSON Patch to each document of a file, in its text. */
import { isDeepStrictEqual } from 'node:util';
import jsonpatch from 'fast-json-patch';
import type { AddOperation } from '../../core/additions/patch.ts';
import type { Path } from '../../core/pod/pod-templates.ts';
import { withoutPaths } from '../../core/pod/without-paths.ts';
import { readDocuments, type SourceDocument } from '../yaml/documents.ts';
import { evaluate } from '../yaml/evaluate.ts';
import type { Node } from '../yaml/nodes.ts';
import { Edits } from './edits.ts';
import { Lines, type Splice, spliced } from './lines.ts';
import { spliceDocument } from './print-edits.ts';
import { removalsOf } from './removals.ts';
import { blockLines, flowText } from './write-value.ts';

export interface Edited {
  readonly text: string;
  /** Whether aliases were replaced by a copy of what they refer to. */
  readonly lostAliases: readonly boolean[];
  /** What changed, in the order of the documents. */
  readonly splices: readonly Splice[];
}

export interface Change {
  readonly document: SourceDocument;
  readonly operations: readonly AddOperation[];
  /** Places to remove after the operations, none below another one. */
  readonly removes?: readonly Path[];
  /** Whether to print the document from its data, without its comments and its layout. */
  readonly reprints?: boolean;
}

/**
 * Changes a file so that kubectl reads the patched data from it, and nothing else changes.
 * @param changes one for each document
 * @returns the index of the first document whose layout does not allow this
 */
export function editFile(file: string, changes: readonly Change[]): Edited | number {
  const splices: Splice[] = [];
  const lostAliases: boolean[] = [];
  for (const [index, change] of changes.entries()) {
    const { document, operations, removes = [] } = change;
    const { root, data, origin, text } = document;
    if (root === undefined || data === undefined || operations.length + removes.length === 0) {
      lostAliases.push(false);
      continue;
    }
    const edits = editsOf(root, operations);
    const removals = removalsOf(text, root, removes);
    const expected = patched(change);
    const print = (replaced: ReadonlyMap<Node, unknown>) => {
      if (removals === undefined) return undefined;
      const own = [...spliceDocument(text, root, document.isJson, edits, replaced), ...removals];
      return reads(document, own, expected) ? own : undefined;
    };
    let own = change.reprints === true ? [reprinted(document, root, expected)] : print(new Map());
    lostAliases.push(own === undefined);
    own ??= print(sharedAliases(root, edits));
    if (own === undefined) return index;
    splices.push(...own.map((splice) => ({ ...splice, at: splice.at + origin })));
  }
  const text = spliced(file, splices);
  const result = readDocuments(text);
  const expected = changes.map(patched);
  const isAsExpected =
    result.ok &&
    isDeepStrictEqual(
      result.value.map(({ data }) => data),
      expected,
    );
  return isAsExpected ? { text, lostAliases, splices } : changes.length - 1;
}

function editsOf(root: Node, operations: readonly AddOperation[]): Edits {
  const edits = new Edits(root);
  for (const operation of operations) edits.add(operation);
  return edits;
}

/** Whether a document alone has the data after its splices. */
function reads(document: SourceDocument, splices: readonly Splice[], expected: unknown): boolean {
  const { text, root, isJson } = document;
  const start = isJson ? (root?.start ?? 0) : 0;
  const own = isJson ? text.slice(start, root?.end) : text;
  const result = readDocuments(
    spliced(
      own,
      splices.map((splice) => ({ ...splice, at: splice.at - start })),
    ),
  );
  return (
    result.ok &&
    isDeepStrictEqual(
      result.value.map(({ data }) => data),
      [expected],
    )
  );
}

function patched({ document: { data }, operations, removes = [] }: Change): unknown {
  if (operations.length + removes.length === 0) return data;
  const { newDocument } = jsonpatch.applyPatch(
    structuredClone(data),
    operations.map((one) => structuredClone(one)),
    true,
  );
  return removes.length === 0 ? newDocument : withoutPaths(newDocument, removes);
}

/** The whole document from its data. */
function reprinted({ text, isJson }: SourceDocument, root: Node, data: unknown): Splice {
  if (isJson) return { at: root.start, remove: root.end - root.start, text: flowText(data, true) };
  const lines = new Lines(text);
  const at = lines.startOf(root.outerStart);
  const printed = blockLines(data, { map: 2, list: 2 }).map((line) => line + lines.newline);
  return { at, remove: lines.after(root.end) - at, text: printed.join('') };
}

/** Aliases of nodes that the edits change, or that contain such nodes, with the data before the edits. */
function sharedAliases(root: Node, edits: Edits): ReadonlyMap<Node, unknown> {
  const aliases = new Map<Node, unknown>();
  const changed = new Map<Node, boolean>();
  const isChanged = (node: Node): boolean => {
    const known = changed.get(node);
    if (known !== undefined) return known;
    const result =
      edits.isEdited(node) || childrenOf(node).some((child) => child.kind !== 'alias' && isChanged(child));
    changed.set(node, result);
    return result;
  };
  const visit = (node: Node): void => {
    if (node.kind === 'alias' && isChanged(node.target)) aliases.set(node, evaluate(node.target));
    for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  return aliases;
}

function childrenOf(node: Node): readonly Node[] {
  if (node.kind === 'list') return node.items.map((item) => item.value);
  return node.kind === 'map' ? node.pairs.map((pair) => pair.value) : [];
}
