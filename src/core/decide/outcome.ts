/** What came of one pod. The answer, the log line and the metric are all made from this one value. */
import type { AddOperation } from '../additions/patch.ts';
import { ADMISSION_CODES } from '../problems/admission-codes.ts';
import type { Problem } from '../problems/problems.ts';

/** Why a pod was left alone. A closed set: reasons are metric labels. */
export const REASONS = {
  'not-create': 'only the creation of pods is of interest',
  'not-a-pod': 'the object is not a pod, or a subresource of one',
  'mirror-pod': 'a static pod of the node cannot be changed through the API',
  'not-asked': 'no annotation of this product',
  'inject-false': 'the annotation inject is "false"',
  'nothing-asked': 'options are set, but no secret is asked for',
  'already-injected': 'everything that would be added is already there',
} as const;

export type Reason = keyof typeof REASONS;

export interface Injected {
  readonly kind: 'injected';
  readonly patch: readonly AddOperation[];
  readonly warnings: readonly string[];
  /** For the log line: counts only. */
  readonly references: number;
  readonly secrets: number;
  readonly containers: number;
}

export interface Unchanged {
  readonly kind: 'unchanged';
  readonly reason: Reason;
  readonly warnings: readonly string[];
}

export interface Denied {
  readonly kind: 'denied';
  readonly problems: readonly [Problem, ...Problem[]];
}

/** Our own fault: nothing about the cause is kept, since it may quote what it choked on. */
export interface Failed {
  readonly kind: 'failed';
}

export type Outcome = Injected | Unchanged | Denied | Failed;

export function unchanged(reason: Reason, warnings: readonly string[] = []): Unchanged {
  return { kind: 'unchanged', reason, warnings };
}

/** The HTTP-like status in the review's answer. Of several problems a bug wins, then what the user can fix. */
export function statusOf(outcome: Denied | Failed): 400 | 403 | 500 {
  if (outcome.kind === 'failed') return 500;
  const statuses = outcome.problems.map((problem) => ADMISSION_CODES[problem.code].status);
  if (statuses.includes(500)) return 500;
  return statuses.includes(400) ? 400 : 403;
}
