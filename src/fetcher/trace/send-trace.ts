/** Sends the trace of a run. A bundle of its own: most operators do not trace, and every pod waits for the fetcher's start. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type SpanContext, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { SCOPE, sendSpans } from '../../runtime/otlp.ts';
import { VERSION } from '../../runtime/version.ts';
import type { TraceSettings } from '../process/environment.ts';
import type { RecordedRun, SendTrace, Step } from './run-trace.ts';

/** The application waits for the end of the process. */
const MOST_MILLISECONDS = 1_000;
const SAMPLED = 1;

/** Sends the spans of a run. Never rejects, and ends within a second. */
export const sendTrace: SendTrace = async (settings, recorded, send) => {
  await sendSpans(spansOf(settings, recorded), { send, milliseconds: MOST_MILLISECONDS });
};

/** One span for the run, which continues the admission, and one below it for each step. */
function spansOf(
  { parent }: TraceSettings,
  { run, steps, resource: facts }: RecordedRun,
): readonly ReadableSpan[] {
  const resource = resourceFromAttributes({
    'service.name': `${SCOPE}-fetcher`,
    'service.version': VERSION,
    'host.name': hostname(),
    ...facts,
  });
  const newContext = (): SpanContext => ({
    traceId: parent.traceId,
    spanId: randomBytes(8).toString('hex'),
    traceFlags: SAMPLED,
  });
  const spanOf = (step: Step, context: SpanContext, above: SpanContext): ReadableSpan => ({
    name: step.name,
    kind: step.isCall ? SpanKind.CLIENT : SpanKind.INTERNAL,
    spanContext: () => context,
    parentSpanContext: above,
    startTime: timeOf(performance.timeOrigin + step.start),
    endTime: timeOf(performance.timeOrigin + step.end),
    duration: timeOf(step.end - step.start),
    status: { code: step.problem === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: {
      ...step.facts,
      ...(step.problem === undefined ? {} : { 'secrets_injector.reason': step.problem }),
    },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: SCOPE, version: VERSION },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  });
  const whole = newContext();
  return [
    spanOf(run, whole, { ...parent, traceFlags: SAMPLED, isRemote: true }),
    ...steps.map((step) => spanOf(step, newContext(), whole)),
  ];
}

/** @returns seconds and nanoseconds */
function timeOf(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
