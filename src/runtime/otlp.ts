/**
 * Sends spans to a receiver of traces: OTLP over HTTP, in protobuf, which every receiver accepts. Only bundles that are loaded
 * for traces contain it.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Answer, RequestLimits } from './answer.ts';

/** The name of the instrumentation, in every span. */
export const SCOPE = 'aws-secrets-injector';

/** A receiver answers with a few bytes. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** A request to the receiver. */
export interface SpanRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly limits: RequestLimits;
}

export interface Receiver {
  /** Never rejects. */
  readonly send: (request: SpanRequest) => Promise<Answer>;
  /** Until the answer is complete. */
  readonly milliseconds: number;
}

/** Sends spans once. Never rejects. @returns why they did not arrive, as a code, or undefined */
export async function sendSpans(
  spans: readonly ReadableSpan[],
  { milliseconds, send }: Receiver,
): Promise<string | undefined> {
  const body = ProtobufTraceSerializer.serializeRequest([...spans]);
  if (body === undefined) return 'UNREADABLE';
  const answer = await send({
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'user-agent': SCOPE },
    body,
    limits: { total: milliseconds, bytes: MOST_ANSWER_BYTES },
  });
  if (!answer.ok) return answer.code;
  return answer.status >= 200 && answer.status < 300 ? undefined : `HTTP_${answer.status}`;
}
