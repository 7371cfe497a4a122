/** One review: bytes in, answer out, one log line, one metric. Synchronous, without I/O. */
import { decideReview, encodeReview, type ReviewFacts } from '../../core/admission.ts';
import type { Outcome } from '../../core/decide/outcome.ts';
import { field, textField } from '../../core/json.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { errorFields, type LogFields, type Logger } from '../../runtime/log/logger.ts';
import { type Denial, denialOf } from '../events/denial.ts';
import type { Metrics } from '../metrics.ts';
import type { ReviewTraces } from '../traces/review-traces.ts';
import { parseBody } from './review-body.ts';

/**
 * Answers the bytes of a review.
 * @param traceparent the header of the request, if it has one
 * @returns undefined if the review contains no uid
 */
export type Mutate = (body: unknown, traceparent?: string) => string | undefined;

export interface MutateParts {
  /** Read once for each review, so that the settings do not change during a review. */
  readonly settings: () => InjectionSettings;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Whether this process sent the review to itself. Such reviews are neither logged nor counted. */
  readonly isOwnReview: (uid: string) => boolean;
  /** Undefined if the operator does not trace. */
  readonly traces?: ReviewTraces | undefined;
  /** Receives rejections by the operator's policy; undefined if nobody wants them. */
  readonly denied?: ((denial: Denial) => void) | undefined;
}

/** Makes the function that answers reviews. */
export function makeMutate({ settings, log, metrics, isOwnReview, traces, denied }: MutateParts): Mutate {
  return (body, traceparent) => {
    const start = performance.now();
    const span = traces?.begin(traceparent);
    const review = parseBody(body);
    const decided = decideSafely(review, settings(), log, span?.traceparent);
    if (decided === undefined) return undefined;
    const { facts, outcome } = decided;
    const answer = JSON.stringify(encodeReview(facts.uid, outcome, toBase64));
    if (!isOwnReview(facts.uid)) {
      const milliseconds = performance.now() - start;
      metrics.countReview(outcome, milliseconds / 1000);
      logDecision(log, facts, outcome, milliseconds);
      span?.end(facts, outcome);
      const denial = denied === undefined ? undefined : denialOf(review, facts, outcome);
      if (denial !== undefined) denied?.(denial);
    }
    return answer;
  };
}

interface Decided {
  readonly facts: ReviewFacts;
  readonly outcome: Outcome;
}

/** An exception in the core is a bug. The answer says so, instead of a closed connection. */
function decideSafely(
  review: unknown,
  settings: InjectionSettings,
  log: Logger,
  traceparent: string | undefined,
): Decided | undefined {
  try {
    return decideReview(review, settings, traceparent);
  } catch (error) {
    const uid = textField(field(review, 'request'), 'uid');
    log.error('the decision threw', { ...(uid === undefined ? {} : { uid }), ...errorFields(error) });
    if (uid === undefined) return undefined;
    const facts = { uid, namespace: '', name: '', operation: '', dryRun: false };
    return { facts, outcome: { kind: 'failed' } };
  }
}

function logDecision(log: Logger, facts: ReviewFacts, outcome: Outcome, milliseconds: number): void {
  const fields: LogFields = {
    uid: facts.uid,
    namespace: facts.namespace,
    name: facts.name,
    dryRun: facts.dryRun,
    outcome: outcome.kind,
    ...outcomeFields(outcome),
    milliseconds: Math.round(milliseconds * 1000) / 1000,
  };
  if (outcome.kind === 'failed') log.error('decided', fields);
  else log.info('decided', fields);
}

function outcomeFields(outcome: Outcome): LogFields {
  switch (outcome.kind) {
    case 'injected':
      return {
        references: outcome.references,
        secrets: outcome.secrets,
        containers: outcome.containers,
        warnings: outcome.warnings.length,
      };
    case 'unchanged':
      return { reason: outcome.reason, warnings: outcome.warnings.length };
    case 'denied':
      return { codes: [...new Set(outcome.problems.map((problem) => problem.code))].join(',') };
    case 'failed':
      return {};
  }
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
