/** What commands report about manifests, for every output format. */

export type ReportLevel = 'error' | 'warning' | 'note';

/** A rule that results can belong to. */
export interface ReportRule {
  readonly id: string;
  /** One sentence. */
  readonly summary: string;
  /** What to do. */
  readonly help: string;
  /** The section of the documentation, such as `docs/reference/lint.md#unused-alias`. */
  readonly page: string;
  readonly level: ReportLevel;
}

/** A place in a file. Lines and columns start at 1, and columns count UTF-16 code units. */
export interface ReportPlace {
  /** The path as the user passed it, or `-` for standard input. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One finding. No part contains the value of a secret. */
export interface ReportResult {
  /** The `id` of its rule. */
  readonly rule: string;
  readonly level: ReportLevel;
  readonly message: string;
  readonly place?: ReportPlace;
  /** The Kubernetes object, such as `Deployment/shop/web`. */
  readonly object?: string;
  /** Stays the same while the finding moves to other lines. */
  readonly fingerprint?: string;
}
