/** Where the parts of a document are in its text. */
import type { Path } from '../../core/pod/pod-templates.ts';
import type { SourceDocument } from '../yaml/documents.ts';
import { ownPair, pairOf } from '../yaml/members.ts';
import type { MapNode, Node, ScalarNode } from '../yaml/nodes.ts';

/**
 * The offset in the file of the key or list item at a path, or of the nearest part above it.
 * @param textOffset an offset in the text of a scalar, for example in that of the annotation `secrets`
 */
export function offsetAt({ root, text, origin }: SourceDocument, path: Path, textOffset?: number): number {
  let node = root;
  let at = root?.start ?? 0;
  for (const key of path) {
    const step = node === undefined ? undefined : stepInto(node, key);
    if (step === undefined) return origin + at;
    ({ node, at } = step);
  }
  const inText =
    textOffset === undefined || node === undefined ? undefined : inScalar(text, node, textOffset);
  return origin + (inText ?? at);
}

interface Step {
  readonly node: Node;
  readonly at: number;
}

function stepInto(node: Node, key: string | number): Step | undefined {
  if (node.kind === 'list') {
    const value = node.items[Number(key)]?.value;
    return value === undefined ? undefined : { node: targetOf(value), at: value.outerStart };
  }
  const pair = node.kind === 'map' ? pairOf(node, String(key)) : undefined;
  return pair === undefined ? undefined : { node: targetOf(pair.value), at: pair.key.outerStart };
}

function targetOf(node: Node): Node {
  return node.kind === 'alias' ? node.target : node;
}

/** The map at a path that leads through maps and lists of the document itself, without aliases and merge keys. */
export function ownMapAt(root: Node | undefined, path: Path): MapNode | undefined {
  let node = root;
  for (const key of path) {
    if (node?.kind === 'list') node = node.items[Number(key)]?.value;
    else if (node?.kind === 'map') node = ownPair(node, String(key))?.value;
    else return undefined;
  }
  return node?.kind === 'map' ? node : undefined;
}

/** @returns undefined where the text of the scalar is not in the source as it is */
function inScalar(text: string, node: Node, offset: number): number | undefined {
  if (node.kind !== 'scalar') return undefined;
  if (node.style === 'literal') return inLiteral(text, node, offset);
  const quoted = node.style === 'plain' ? 0 : 1;
  const start = node.start + quoted;
  const value = node.style === 'json' ? node.value.slice(1, -1) : node.value;
  const isVerbatim = !value.includes('\\') && text.startsWith(value, start);
  return isVerbatim ? start + offset : undefined;
}

/** A literal block scalar has one line of the source for each line of its value, each with the same indentation. */
function inLiteral(text: string, { start, value }: ScalarNode, offset: number): number | undefined {
  // The parser finds an unexpected end after the last line break.
  const before = value.slice(0, Math.min(offset, value.trimEnd().length)).split('\n');
  const lines = value.split('\n');
  const content = lines.findIndex((line) => line !== '');
  const first = lineAfter(text, start, content + 1);
  const indent = text.slice(first).search(/[^ ]/) - (lines[content] ?? '').search(/[^ ]|$/);
  const line = lineAfter(text, start, before.length);
  return indent < 0 ? undefined : line + indent + (before.at(-1) ?? '').length;
}

/** The start of a later line. */
function lineAfter(text: string, from: number, count: number): number {
  let at = from;
  for (let line = 0; line < count; line += 1) {
    const feed = text.indexOf('\n', at);
    if (feed < 0) return text.length;
    at = feed + 1;
  }
  return at;
}
