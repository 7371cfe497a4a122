/** The nodes of a document, with their places in the text. */
import type { ScalarStyle } from './tokens.ts';

interface Place {
  readonly start: number;
  /** After the last character, without blanks, comments and line breaks; for a block scalar, the start of the next line. */
  readonly end: number;
  /** Where the anchor or tag starts, else the same as `start`. */
  readonly outerStart: number;
}

export interface ScalarNode extends Place {
  readonly kind: 'scalar';
  readonly value: string;
  /** `empty` has no text; `json` is a scalar of a JSON file, whose value is its source text. */
  readonly style: ScalarStyle | 'empty' | 'json';
  /** The full name, or empty. */
  readonly tag: string;
}

export interface Pair {
  readonly key: Node;
  readonly value: Node;
}

export interface MapNode extends Place {
  readonly kind: 'map';
  readonly isFlow: boolean;
  /** The column of its keys, for a block map. */
  readonly column: number;
  readonly pairs: readonly Pair[];
}

export interface Item {
  /** The place of its `-`, for a block list. */
  readonly dash: number;
  readonly value: Node;
}

export interface ListNode extends Place {
  readonly kind: 'list';
  readonly isFlow: boolean;
  /** The column of its dashes, for a block list. */
  readonly column: number;
  readonly items: readonly Item[];
}

export interface AliasNode extends Place {
  readonly kind: 'alias';
  readonly target: Node;
}

export type Node = ScalarNode | MapNode | ListNode | AliasNode;
