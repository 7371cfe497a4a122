import type { Lines } from './lines.ts';
import type { Indentation } from './write-value.ts';

/** The text of a document, and its style. */
export interface Sheet {
  readonly lines: Lines;
  readonly isJson: boolean;
  readonly indentation: Indentation;
}
