/** How the webhook passes a trace to the fetcher. Without both variables, the fetcher records and sends nothing. */

/**
 * The trace context of the admission, in the form of the W3C header `traceparent`. Anybody can write one, which only decides
 * where the spans of the fetch appear; the webhook and the guard check its form.
 */
export const TRACEPARENT_VARIABLE = 'SECRETS_INJECTOR_TRACEPARENT';
/** The URL that the fetcher sends its spans to. Only the operator sets it: it decides what the fetcher connects to. */
export const TRACES_ENDPOINT_VARIABLE = 'SECRETS_INJECTOR_TRACES_ENDPOINT';

/** The trace and the span that a program continues. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
}

// Version 00 and the flag `sampled`: the webhook passes on no other. IDs of zeros are invalid.
const FORM = /^00-(?!0+-)([0-9a-f]{32})-(?!0+-)([0-9a-f]{16})-01$/;

/** Reads a trace context in the form in which the webhook writes it. */
export function parseTraceparent(text: string): TraceParent | undefined {
  const [, traceId, spanId] = FORM.exec(text) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}

/** Writes a trace context. */
export function formatTraceparent({ traceId, spanId }: TraceParent): string {
  return `00-${traceId}-${spanId}-01`;
}
