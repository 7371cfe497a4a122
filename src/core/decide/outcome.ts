/** The outcome for one pod. The answer, the log line and the metric are made from this value. */
import type { AddOperation } from '../additions/patch.ts';
import { ADMISSION_CODES } from '../problems/admission-codes.ts';
import type { Problem } from '../problems/problems.ts';

/** Why a pod was left unchanged. A closed set: reasons are metric labels. */
export const REASONS = {
  'not-create': 'the operation is not CREATE',
  'not-a-pod': 'the object is not a pod, or is a subresource of a pod',
  'mirror-pod': 'the pod is a static pod, which cannot be changed through the API',
  'not-asked': 'the pod has no annotation of the injector',
  'inject-false': 'the annotation inject is "false"',
  'nothing-asked': 'the pod sets options but requests no secret',
  'already-injected': 'the pod already contains everything that the injector adds',
} as const;

export type Reason = keyof typeof REASONS;

export interface Injected {
  readonly kind: 'injected';
  readonly patch: readonly AddOperation[];
  readonly warnings: readonly string[];
  /** Counts for the log line and the metrics. */
  readonly references: number;
  readonly secrets: number;
  readonly containers: number;
  readonly planBytes: number;
}

export interface Unchanged {
  readonly kind: 'unchanged';
  readonly reason: Reason;
  readonly warnings: readonly string[];
}

export interface Denied {
  readonly kind: 'denied';
  readonly problems: readonly [Problem, ...Problem[]];
  /** The number of further problems, which were only counted. */
  readonly more: number;
}

/** A bug in the injector. The cause is dropped, because it may quote the request. */
export interface Failed {
  readonly kind: 'failed';
}

export type Outcome = Injected | Unchanged | Denied | Failed;

export function unchanged(reason: Reason, warnings: readonly string[] = []): Unchanged {
  return { kind: 'unchanged', reason, warnings };
}

/** Denies a pod. A problem that occurs in several views is reported once. @throws RangeError without a problem */
export function denied(problems: readonly Problem[], more = 0): Denied {
  // Not by the whole text: what is expected may be a suggestion, which is computed only for problems that are shown.
  const distinct = new Map(problems.map((one) => [`${one.code} ${one.subject}: ${one.wrong}`, one]));
  const [first, ...others] = distinct.values();
  if (first === undefined) throw new RangeError('a denial needs a problem');
  return { kind: 'denied', problems: [first, ...others], more };
}

/** The reason of an outcome in one word, for metrics and traces: a closed set. Of several problems, the first one counts. */
export function reasonOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'injected':
      return 'none';
    case 'unchanged':
      return outcome.reason;
    case 'denied':
      return outcome.problems[0].code;
    case 'failed':
      return 'INTERNAL';
  }
}

/** The HTTP-like status in the review's answer. A bug takes precedence, then problems that the user can fix. */
export function statusOf(outcome: Denied | Failed): 400 | 403 | 500 {
  if (outcome.kind === 'failed') return 500;
  const statuses = outcome.problems.map((problem) => ADMISSION_CODES[problem.code].status);
  if (statuses.includes(500)) return 500;
  return statuses.includes(400) ? 400 : 403;
}
