/** What `lint` finds in a pod, and where. */
import type { Path } from '../../names/form-subject.ts';
import type { LintLevel, LintRule } from './rules.ts';

/** A place in a pod: keys and indices from its root, and an offset in the text there. */
export interface LintPlace {
  readonly path: Path;
  readonly offset?: number;
}

/** A change of the annotation at the place of the finding, after which the finding is gone and nothing else changes. */
export type LintFix =
  | { readonly kind: 'remove' }
  | { readonly kind: 'rename'; readonly key: string }
  | { readonly kind: 'quote' };

export interface LintFinding {
  readonly rule: LintRule;
  /** The level, if it is not that of the rule. */
  readonly level?: LintLevel;
  /** The annotation or field, for messages and fingerprints. */
  readonly subject: string;
  /** One printable line. Contains no value of a variable. */
  readonly message: string;
  readonly place: LintPlace;
  readonly fix?: LintFix;
}
