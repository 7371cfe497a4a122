/** Where pod templates are in the text of a file. */

import type { Path } from '../../core/pod/pod-templates.ts';
import type { SourceDocument } from '../yaml/documents.ts';
import type { Node } from '../yaml/nodes.ts';

export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Finds lines by offsets, in time that does not depend on the length of the text. */
export class LineNumbers {
  readonly #starts: readonly number[];

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** The line and column of an offset, from 1. */
  placeOf(offset: number): TextPlace {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/** The offset in the file of what is at a path, or of the innermost part of the path that the text has as it is. */
export function offsetOf({ root, origin }: SourceDocument, path: Path): number {
  let node: Node | undefined = root;
  let offset = root?.start ?? 0;
  for (const key of path) {
    node = childOf(node, key);
    if (node === undefined) break;
    offset = node.start;
  }
  return origin + offset;
}

function childOf(node: Node | undefined, key: string | number): Node | undefined {
  if (node?.kind === 'list') return node.items[Number(key)]?.value;
  if (node?.kind !== 'map') return undefined;
  return node.pairs.find((pair) => pair.key.kind === 'scalar' && pair.key.value === key)?.value;
}
