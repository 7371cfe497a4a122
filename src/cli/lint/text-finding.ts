/** What `lint` finds in a text. */
import type { LintLevel, LintRule } from '../../core/advice/lint/rules.ts';
import type { LinePlace } from '../manifests/line-index.ts';

export interface TextFinding {
  readonly rule: LintRule;
  readonly level: LintLevel;
  /** The annotation or field; empty for a finding about a document. */
  readonly subject: string;
  readonly message: string;
  /** `Deployment/shop/web`; empty for a finding about a document. */
  readonly object: string;
  readonly place: LinePlace;
  readonly isFixable: boolean;
}
