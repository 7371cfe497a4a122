/**
 * Insertions into YAML source, so that the bytes that a person wrote stay as they are: comments, quotes, order and
 * layout. What cannot be inserted safely (anchors, odd layouts) is refused, and the caller falls back.
 */
import {
  type Document,
  isCollection,
  isMap,
  isSeq,
  type Node,
  type Pair,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { ListInsertion } from './list-insertions.ts';
import type { Path } from './pod-templates.ts';

/** Replaces a stretch of the source; an insertion replaces nothing. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** How deep whole lines are indented; of two insertions at one place the deeper one belongs to what stands before it. */
  readonly column: number;
}

/** Thrown where source cannot be edited in place. */
export class CannotEdit extends Error {}

export interface SourceStyle {
  readonly newline: string;
  /** Whether list items are indented below their key. */
  readonly indentSeq: boolean;
}

/** The edits for one list. Offsets count in the whole source. @throws CannotEdit */
export function editsFor(
  document: Document,
  source: string,
  insertion: ListInsertion,
  style: SourceStyle,
): readonly Edit[] {
  const { path, isNew, groups } = insertion;
  const node = nodeAt(document, path);
  if (isNew || !isSeq(node)) {
    if (node !== undefined) throw new CannotEdit('a key without a list');
    const values = groups.flatMap((group) => group.values);
    return [newKey(mapAt(document, path.slice(0, -1)), String(path.at(-1)), values, source, style)];
  }
  if (node.anchor !== undefined) throw new CannotEdit('an anchor');
  return groups.map(({ before, values }) => {
    if (values.length === 0) throw new CannotEdit('nothing to insert');
    return node.flow === true
      ? flowItems(node, before, values)
      : blockItems(node, before, values, source, style);
  });
}

/** Applies edits, which do not overlap. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  let text = '';
  let done = 0;
  for (const edit of edits.toSorted((a, b) => a.from - b.from || b.column - a.column)) {
    text += source.slice(done, edit.from) + edit.text;
    done = edit.to;
  }
  return text + source.slice(done);
}

function nodeAt(document: Document, path: Path): Node | undefined {
  let node: unknown = document.contents;
  for (const key of path) {
    if (!isCollection(node)) throw new CannotEdit('no collection on the way');
    if (node.anchor !== undefined) throw new CannotEdit('an anchor on the way');
    node = node.get(key, true);
    if (node === undefined || node === null) return undefined;
  }
  return node as Node;
}

function mapAt(document: Document, path: Path): YAMLMap {
  const node = nodeAt(document, path);
  if (!isMap(node) || node.anchor !== undefined) throw new CannotEdit('no plain map');
  return node;
}

/** Elements of a flow list, as JSON, which is YAML too. */
function flowItems(list: YAMLSeq, before: number, values: readonly unknown[]): Edit {
  const texts = values.map((value) => JSON.stringify(value)).join(', ');
  const next = list.items[before] as Node | undefined;
  if (next !== undefined) return within(startOf(next), `${texts}, `);
  const last = list.items.at(-1) as Node | undefined;
  if (last !== undefined) return within(endOf(last), `, ${texts}`);
  return within(startOf(list) + 1, texts);
}

function blockItems(
  list: YAMLSeq,
  before: number,
  values: readonly unknown[],
  source: string,
  style: SourceStyle,
): Edit {
  const first = list.items[0] as Node | undefined;
  if (first === undefined) throw new CannotEdit('an empty block list');
  const column = columnOf(dashOf(list, 0), source);
  const text = indented(stringify(values, options(style)), column, style.newline);
  if (before >= list.items.length)
    return lines(endOf(list.items.at(-1) as Node), text, column, source, style);
  // Comments above an element belong to it.
  const at = aboveComments(lineStart(dashOf(list, before), source), source);
  return { from: at, to: at, text, column };
}

function newKey(
  map: YAMLMap,
  key: string,
  values: readonly unknown[],
  source: string,
  style: SourceStyle,
): Edit {
  const last = map.items.at(-1) as Pair<Node, Node | null> | undefined;
  if (last === undefined) throw new CannotEdit('an empty map');
  const end = Math.max(endOf(last.key), last.value === null ? 0 : endOf(last.value));
  if (map.flow === true) return within(end, `, ${JSON.stringify(key)}: ${JSON.stringify(values)}`);
  const firstKey = (map.items[0] as Pair<Node, Node>).key;
  const column = startOf(firstKey) - lineStart(startOf(firstKey), source);
  const text = indented(stringify({ [key]: values }, options(style)), column, style.newline);
  return lines(end, text, column, source, style);
}

function within(at: number, text: string): Edit {
  return { from: at, to: at, text, column: 0 };
}

/** Puts lines behind the line that holds an offset. */
function lines(end: number, text: string, column: number, source: string, style: SourceStyle): Edit {
  const newline = source[end - 1] === '\n' ? end - 1 : source.indexOf('\n', end);
  if (newline >= 0) return { from: newline + 1, to: newline + 1, text, column };
  const at = source.length;
  return { from: at, to: at, text: `${style.newline}${text.slice(0, -style.newline.length)}`, column };
}

function options(style: SourceStyle): { readonly lineWidth: 0; readonly indentSeq: boolean } {
  return { lineWidth: 0, indentSeq: style.indentSeq };
}

function indented(text: string, column: number, newline: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => `${line === '' ? '' : ' '.repeat(column)}${line}${newline}`).join('');
}

interface SeqToken {
  readonly items: readonly {
    readonly start: readonly { readonly type: string; readonly offset: number }[];
  }[];
}

/** Offset of an element's dash. */
function dashOf(list: YAMLSeq, index: number): number {
  const token = list.srcToken as SeqToken | undefined;
  const dash = token?.items[index]?.start.find((part) => part.type === 'seq-item-ind');
  if (dash === undefined) throw new CannotEdit('no dash');
  return dash.offset;
}

function columnOf(offset: number, source: string): number {
  const start = lineStart(offset, source);
  if (source.slice(start, offset).trim() !== '') throw new CannotEdit('a list within a line');
  return offset - start;
}

function lineStart(offset: number, source: string): number {
  return source.lastIndexOf('\n', offset - 1) + 1;
}

function aboveComments(start: number, source: string): number {
  let at = start;
  while (at > 0) {
    const previous = lineStart(at - 1, source);
    if (!/^\s*#/.test(source.slice(previous, at))) break;
    at = previous;
  }
  return at;
}

function startOf(node: Node): number {
  const start = node.range?.[0];
  if (start === undefined) throw new CannotEdit('no range');
  return start;
}

function endOf(node: Node): number {
  const end = node.range?.[1];
  if (end === undefined) throw new CannotEdit('no range');
  return end;
}
