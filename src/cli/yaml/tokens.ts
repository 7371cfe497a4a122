/** The tokens of a YAML document. */

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded';

interface Span {
  readonly start: number;
  readonly end: number;
  readonly column: number;
}

export type Punctuation =
  | 'document-start'
  | 'document-end'
  | 'stream-end'
  | 'block-sequence-start'
  | 'block-mapping-start'
  | 'block-end'
  | 'flow-sequence-start'
  | 'flow-sequence-end'
  | 'flow-mapping-start'
  | 'flow-mapping-end'
  | 'block-entry'
  | 'flow-entry'
  | 'key'
  | 'value';

export interface ScalarToken extends Span {
  readonly type: 'scalar';
  readonly value: string;
  readonly style: ScalarStyle;
}

export interface NameToken extends Span {
  readonly type: 'alias' | 'anchor';
  readonly name: string;
}

export interface TagToken extends Span {
  readonly type: 'tag';
  readonly tag: string;
}

export interface PunctuationToken extends Span {
  readonly type: Punctuation;
}

export type Token = ScalarToken | NameToken | TagToken | PunctuationToken;
