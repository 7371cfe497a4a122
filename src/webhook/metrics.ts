/** The metrics. All labels have closed sets of values, so users cannot create series. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Outcome, REASONS, reasonOf } from '../core/decide/outcome.ts';
import { MAX_PLAN_BYTES, MAX_REFERENCES } from '../core/limits.ts';
import { ADMISSION_CODES } from '../core/problems/admission-codes.ts';
import { VERSION } from '../runtime/version.ts';
import type { EventResult } from './events/denial-events.ts';
import type { SpanResult } from './traces/review-traces.ts';

export interface Metrics {
  /** Counts a decision and its duration, from the bytes of the body to the text of the answer. */
  countReview(outcome: Outcome, seconds: number): void;
  /** Counts a request that was refused. */
  countRefused(status: number): void;
  countDropped(reason: DropReason): void;
  countHandshakeError(): void;
  countCertificateLoad(result: 'loaded' | 'failed'): void;
  /** A certificate came into use. @param expiry in Unix time, in seconds */
  setCertificate(source: CertificateSourceName, expiry: number): void;
  /** The CA of the certificate. @param expiry in Unix time, in seconds */
  setAuthority(expiry: number, isTrusted: boolean): void;
  countCertificateWrite(object: 'secret' | 'registration'): void;
  setNativeVariables(can: boolean): void;
  setNativeSidecars(can: boolean): void;
  /** `valid` when a policy comes into use, `invalid` when the file cannot be used. */
  setPolicy(state: 'valid' | 'invalid'): void;
  countSpans(result: SpanResult, spans: number): void;
  countEvent(result: EventResult): void;
  readonly contentType: string;
  render(): Promise<string>;
}

/** The setting `certificates`. */
export const CERTIFICATE_SOURCES = ['self', 'files'] as const;
export type CertificateSourceName = (typeof CERTIFICATE_SOURCES)[number];

const PREFIX = 'secrets_injector_';
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 404, 405, 408, 411, 413, 415, 417, 431, 500, 503]);
/** Why a connection was closed before its client closed it, or before a request was complete. */
const DROPS = ['idle', 'stalled', 'answer', 'aborted'] as const;
export type DropReason = (typeof DROPS)[number];
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5];
const PLAN_BUCKETS = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, MAX_PLAN_BYTES];
const REFERENCE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, MAX_REFERENCES];
/** The values of the label `reason` for each outcome. */
const REVIEW_REASONS: Readonly<Record<Outcome['kind'], readonly string[]>> = {
  injected: ['none'],
  unchanged: Object.keys(REASONS),
  denied: Object.keys(ADMISSION_CODES),
  failed: ['INTERNAL'],
};

/** Metrics in a registry of their own, so that two servers in one process do not share it. */
export function makeMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const reviews = new Counter({
    name: `${PREFIX}reviews_total`,
    help: 'Admission reviews by outcome. The reason says why a pod was left unchanged, or is the first problem code.',
    labelNames: ['outcome', 'reason'],
    registers,
  });
  const duration = new Histogram({
    name: `${PREFIX}review_duration_seconds`,
    help: 'Time from the bytes of a review to the text of its answer.',
    buckets: BUCKETS,
    registers,
  });
  // Of all series from the start: Prometheus does not see the first increase of a series that begins at 1.
  for (const [outcome, reasons] of Object.entries(REVIEW_REASONS))
    for (const reason of reasons) reviews.inc({ outcome, reason }, 0);
  const planSize = new Histogram({
    name: `${PREFIX}plan_size_bytes`,
    help: 'Size of the plans of injected pods. A plan is passed to the init container in one environment variable.',
    buckets: PLAN_BUCKETS,
    registers,
  });
  const references = new Histogram({
    name: `${PREFIX}pod_references`,
    help: 'References to secrets of injected pods.',
    buckets: REFERENCE_BUCKETS,
    registers,
  });
  const refused = new Counter({
    name: `${PREFIX}refused_requests_total`,
    help: 'Requests that were refused, by HTTP status: not a review, malformed, too slow, too large, or too many at once (503).',
    labelNames: ['status'],
    registers,
  });
  for (const status of [...REFUSALS, 'other']) refused.inc({ status: String(status) }, 0);
  const dropped = new Counter({
    name: `${PREFIX}dropped_connections_total`,
    help: 'Connections that ended early: idle (gave way to a new connection at the limit), stalled (the oldest request gave way, at the limit), answer (the client did not take an answer), aborted (the client closed it during a request).',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of DROPS) dropped.inc({ reason }, 0);
  const handshakes = new Counter({
    name: `${PREFIX}tls_handshake_errors_total`,
    help: 'Failed TLS handshakes, for example because a client does not trust the certificate.',
    registers,
  });
  const loads = new Counter({
    name: `${PREFIX}certificate_loads_total`,
    help: 'Certificates that came into use, and failed attempts to load or create one.',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['loaded', 'failed']) loads.inc({ result }, 0);
  const expiry = new Gauge({
    name: `${PREFIX}certificate_expiry_timestamp_seconds`,
    help: 'Expiry of the current certificate in Unix time; 0 without a certificate.',
    registers,
  });
  const inUse = new Gauge({
    name: `${PREFIX}certificate_in_use_since_timestamp_seconds`,
    help: 'When the current certificate came into use, in Unix time, by its source.',
    labelNames: ['source'],
    registers,
  });
  const authorityExpiry = new Gauge({
    name: `${PREFIX}ca_expiry_timestamp_seconds`,
    help: 'Expiry of the CA of the current certificate in Unix time, with self-managed certificates; otherwise 0.',
    registers,
  });
  const trusted = new Gauge({
    name: `${PREFIX}ca_trusted`,
    help: 'Whether caBundle of every registration contains the CA of the current certificate: 1 or 0. With self-managed certificates.',
    registers,
  });
  const writes = new Counter({
    name: `${PREFIX}certificate_writes_total`,
    help: 'Writes of self-managed certificates to the cluster: CAs to the Secret, caBundle to registrations.',
    labelNames: ['object'],
    registers,
  });
  for (const object of ['secret', 'registration']) writes.inc({ object }, 0);
  const native = new Gauge({
    name: `${PREFIX}native_variables`,
    help: 'Whether the cluster supports native variables: 1 or 0.',
    registers,
  });
  const sidecars = new Gauge({
    name: `${PREFIX}native_sidecars`,
    help: 'Whether the cluster supports native sidecars, which refresh needs: 1 or 0.',
    registers,
  });
  const policyValid = new Gauge({
    name: `${PREFIX}policy_valid`,
    help: 'Whether the policy file is valid: 1, or 0 while the last valid policy stays in use. 1 without a policy file.',
    registers,
  });
  policyValid.set(1);
  const policyLoaded = new Gauge({
    name: `${PREFIX}policy_loaded_timestamp_seconds`,
    help: 'When the policy came into use, in Unix time; 0 without a policy file.',
    registers,
  });
  const spans = new Counter({
    name: `${PREFIX}trace_spans_total`,
    help: 'Spans of reviews: sent, failed (the receiver did not take them), dropped (the queue was full). Without traces-endpoint, 0.',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['sent', 'failed', 'dropped'] satisfies SpanResult[]) spans.inc({ result }, 0);
  const events = new Counter({
    name: `${PREFIX}events_total`,
    help: 'Kubernetes Events about rejections by the policy: written, failed (the API server did not accept it), dropped (too many at once). Without policy-events, 0.',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['written', 'failed', 'dropped'] satisfies EventResult[]) events.inc({ result }, 0);
  const info = new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Always 1. The labels describe the build.',
    labelNames: ['version', 'node'],
    registers,
  });
  info.set({ version: VERSION, node: process.version }, 1);

  // One child for each label set, found by one string, which is cheaper than prom-client's hash of labels.
  const children = new Map<string, { inc(): void }>();
  return {
    countReview(outcome, seconds) {
      const reason = reasonOf(outcome);
      const key = `${outcome.kind} ${reason}`;
      let child = children.get(key);
      if (child === undefined) {
        child = reviews.labels({ outcome: outcome.kind, reason });
        children.set(key, child);
      }
      child.inc();
      duration.observe(seconds);
      if (outcome.kind === 'injected') {
        planSize.observe(outcome.planBytes);
        references.observe(outcome.references);
      }
    },
    countRefused: (status) => refused.inc({ status: REFUSALS.has(status) ? String(status) : 'other' }),
    countDropped: (reason) => dropped.inc({ reason }),
    countHandshakeError: () => handshakes.inc(),
    countCertificateLoad: (result) => loads.inc({ result }),
    setCertificate: (source, seconds) => {
      expiry.set(seconds);
      inUse.set({ source }, Date.now() / 1000);
    },
    setAuthority: (seconds, isTrusted) => {
      authorityExpiry.set(seconds);
      trusted.set(isTrusted ? 1 : 0);
    },
    countCertificateWrite: (object) => writes.inc({ object }),
    setNativeVariables: (can) => native.set(can ? 1 : 0),
    setNativeSidecars: (can) => sidecars.set(can ? 1 : 0),
    setPolicy: (state) => {
      policyValid.set(state === 'valid' ? 1 : 0);
      if (state === 'valid') policyLoaded.setToCurrentTime();
    },
    countSpans: (result, count) => spans.inc({ result }, count),
    countEvent: (result) => events.inc({ result }),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
