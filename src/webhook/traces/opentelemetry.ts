/**
 * Records a span for each review with the SDK of OpenTelemetry. A bundle of its own: import it with `import()` where it is
 * needed. Everything that leaves the process does so in the background, in small batches, so that no answer waits for it.
 */
import http from 'node:http';
import https from 'node:https';
import { hostname } from 'node:os';
import { rootCertificates } from 'node:tls';
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, parseTraceParent } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Outcome, statusOf } from '../../core/decide/outcome.ts';
import { formatTraceparent } from '../../core/names/trace-variables.ts';
import { sendRequest } from '../../runtime/https-request.ts';
import { SCOPE, sendSpans } from '../../runtime/otlp.ts';
import { VERSION } from '../../runtime/version.ts';
import type { ReviewTraces, SpanResult } from './review-traces.ts';
import { attributesOf } from './span-attributes.ts';

export interface TracesOptions {
  readonly endpoint: URL;
  /** The share of reviews that are traced, of those without a decision of the API server. */
  readonly ratio: number;
  /** Certificate authorities besides the public ones, in PEM, read for each request. */
  readonly authorities: () => string | undefined;
  count(result: SpanResult, spans: number): void;
  /** Called when spans cannot be sent, and not again before some were sent. @param problem a code */
  report(problem: string): void;
  /** By default, those below. Tests use shorter ones. */
  readonly times?: Partial<Times>;
}

interface Times {
  readonly batchMilliseconds: number;
  readonly requestMilliseconds: number;
  readonly closeMilliseconds: number;
}

const TIMES: Times = { batchMilliseconds: 2_000, requestMilliseconds: 5_000, closeMilliseconds: 3_000 };

/** Spans that wait to be sent, or that are being sent: about 2 MB. */
const MOST_WAITING = 2_048;
/** Encoding a batch takes less than a millisecond, during which no review is answered. */
const BATCH = 64;

/** Starts to record and send spans. */
export function openTraces(options: TracesOptions): ReviewTraces {
  const times = { ...TIMES, ...options.times };
  const exporter = new Exporter(options, times);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `${SCOPE}-webhook`,
      'service.version': VERSION,
      'service.instance.id': hostname(),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: times.batchMilliseconds,
      }),
    ],
  });
  const tracer = provider.getTracer(SCOPE, VERSION);
  return {
    begin: (traceparent) => {
      const span = tracer.startSpan('admission review', { kind: SpanKind.SERVER }, parentOf(traceparent));
      if (!span.isRecording()) return undefined;
      return {
        traceparent: formatTraceparent(span.spanContext()),
        end: (facts, outcome) => {
          if (!exporter.admits()) return;
          span.setAttributes(attributesOf(facts, outcome));
          if (isFault(outcome)) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    close: async () => {
      const ended = provider.shutdown().catch(() => undefined);
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, times.closeMilliseconds);
      });
      await Promise.race([ended, limit]);
      clearTimeout(timer);
      exporter.close();
    },
  };
}

/** Sends batches over one connection, and counts the spans that were sent, failed or were dropped. */
class Exporter implements SpanExporter {
  readonly #options: TracesOptions;
  readonly #times: Times;
  #agent: http.Agent;
  /** The certificate authorities of the agent. */
  #authorities: string | undefined;
  readonly #stop = new AbortController();
  #waiting = 0;
  #isFailing = false;

  constructor(options: TracesOptions, times: Times) {
    this.#options = options;
    this.#times = times;
    this.#authorities = options.authorities();
    this.#agent = makeAgent(options.endpoint, this.#authorities);
  }

  /** Whether a span fits into the queue, and takes its place. */
  admits(): boolean {
    const isFull = this.#waiting >= MOST_WAITING;
    if (isFull) this.#options.count('dropped', 1);
    else this.#waiting += 1;
    return !isFull;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    void this.#send(spans).then((problem) => {
      this.#waiting -= spans.length;
      this.#options.count(problem === undefined ? 'sent' : 'failed', spans.length);
      if (problem !== undefined && !this.#isFailing) this.#options.report(problem);
      this.#isFailing = problem !== undefined;
      done({ code: problem === undefined ? ExportResultCode.SUCCESS : ExportResultCode.FAILED });
    });
  }

  #send(spans: readonly ReadableSpan[]): Promise<string | undefined> {
    const { endpoint, authorities } = this.#options;
    const own = authorities();
    if (own !== this.#authorities) {
      this.#agent.destroy();
      this.#authorities = own;
      this.#agent = makeAgent(endpoint, own);
    }
    const agent = this.#agent;
    const { signal } = this.#stop;
    return sendSpans(spans, {
      send: (request) => sendRequest({ ...request, url: endpoint, agent, signal }),
      milliseconds: this.#times.requestMilliseconds,
    });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends what is being sent. */
  close(): void {
    this.#stop.abort();
    this.#agent.destroy();
  }
}

/** One connection, which stays open. @param authorities besides the public ones */
function makeAgent({ protocol }: URL, authorities: string | undefined): http.Agent {
  const options = { keepAlive: true, maxSockets: 1 };
  if (protocol === 'http:') return new http.Agent(options);
  const ca = authorities === undefined ? {} : { ca: [...rootCertificates, authorities] };
  return new https.Agent({ ...options, ...ca });
}

function parentOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

function isFault(outcome: Outcome): boolean {
  return outcome.kind === 'failed' || (outcome.kind === 'denied' && statusOf(outcome) === 500);
}
