/** What an Event says about a pod that the operator's policy rejected, from the review and its outcome. */
import type { ReviewFacts } from '../../core/admission.ts';
import type { Outcome } from '../../core/decide/outcome.ts';
import { asArray, field, textField } from '../../core/json.ts';
import { ADMISSION_CODES } from '../../core/problems/admission-codes.ts';
import { formatProblems } from '../../core/problems/problems.ts';
import { eventNote } from '../../kubernetes/event-note.ts';

/** The status of a rejection by a rule of the operator. */
const POLICY_STATUS = 403;

/** The object that an Event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface Denial {
  readonly regarding: Regarding;
  /** The code of the first rule. */
  readonly reason: string;
  readonly note: string;
}

/**
 * Describes a rejection by the operator's policy.
 * @param review as the API server sent it
 * @returns undefined for every other outcome, and for a dry run
 */
export function denialOf(review: unknown, facts: ReviewFacts, outcome: Outcome): Denial | undefined {
  if (outcome.kind !== 'denied' || facts.dryRun) return undefined;
  const problems = outcome.problems.filter(({ code }) => ADMISSION_CODES[code].status === POLICY_STATUS);
  const [first] = problems;
  // The name becomes a part of a path.
  if (first === undefined || !NAMESPACE.test(facts.namespace)) return undefined;
  return {
    regarding: regardingOf(review, facts.namespace),
    reason: first.code,
    note: eventNote(formatProblems(problems)),
  };
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

/**
 * The controller of the pod, whose Events `kubectl describe` shows: a pod that was rejected does not exist. A pod without a
 * controller has no uid, and without a written name no name either.
 */
function regardingOf(review: unknown, namespace: string): Regarding {
  const metadata = field(field(field(review, 'request'), 'object'), 'metadata');
  const owners = asArray(field(metadata, 'ownerReferences')) ?? [];
  const owner = owners.find((one) => field(one, 'controller') === true);
  const [apiVersion, kind, name, uid] = ['apiVersion', 'kind', 'name', 'uid'].map(
    (key) => textField(owner, key) ?? '',
  );
  const isValid =
    /^[a-z0-9./-]{1,128}$/.test(apiVersion ?? '') &&
    /^[A-Za-z0-9]{1,63}$/.test(kind ?? '') &&
    NAME.test(name ?? '') &&
    /^[0-9a-f-]{1,64}$/.test(uid ?? '');
  if (isValid)
    return { apiVersion: apiVersion ?? '', kind: kind ?? '', namespace, name: name ?? '', uid: uid ?? '' };
  const own = textField(metadata, 'name') ?? '';
  return { apiVersion: 'v1', kind: 'Pod', namespace, ...(NAME.test(own) ? { name: own } : {}) };
}
