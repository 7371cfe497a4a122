/** Traces of reviews, without the library that records them: that one is loaded only if the operator sets an endpoint. */
import type { ReviewFacts } from '../../core/admission.ts';
import type { Outcome } from '../../core/decide/outcome.ts';

export interface ReviewTraces {
  /**
   * Begins the span of a review.
   * @param traceparent the trace context of the request, if the API server sent one
   * @returns undefined if the review is not traced
   */
  begin(traceparent: string | undefined): ReviewSpan | undefined;
  /** Sends what is left, for a moment at most. */
  close(): Promise<void>;
}

export interface ReviewSpan {
  /** The trace context that the fetcher continues. */
  readonly traceparent: string;
  /** Ends the span. One that is not ended is not sent. */
  end(facts: ReviewFacts, outcome: Outcome): void;
}

/** How many spans were sent, could not be sent, or did not fit into the queue. */
export type SpanResult = 'sent' | 'failed' | 'dropped';
