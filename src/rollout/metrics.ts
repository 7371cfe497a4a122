/** The metrics of the rollout controller. All labels have closed sets of values. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../runtime/version.ts';
import { MESSAGE_RESULTS, type MessageResult } from './changes/message-inbox.ts';
import { WAIT_REASONS, type WaitReason } from './decide/decide.ts';
import { KINDS, type Kind } from './decide/workload.ts';
import { WRITE_RESULTS, type WriteResult } from './effects.ts';

const PREFIX = 'secrets_injector_rollout_';

/** What is written to workloads. */
export const WRITES = ['settle', 'record', 'restart'] as const;
export type WriteKind = (typeof WRITES)[number];
/** Requests whose failures are counted. */
const FAILED_REQUESTS = ['watch', 'lease', 'queue', 'pods'] as const;
export type FailedRequest = (typeof FAILED_REQUESTS)[number];

const WRITTEN = [...WRITE_RESULTS, 'dry-run'] as const;

export interface RolloutMetrics {
  countWrite(kind: WriteKind, result: WriteResult | 'dry-run'): void;
  countWait(reason: WaitReason): void;
  setWaiting(reasons: ReadonlyMap<WaitReason, number>, oldestSeconds: number): void;
  countMessage(result: MessageResult, count: number): void;
  countDescribe(result: 'found' | 'failed'): void;
  countEvent(result: 'written' | 'failed'): void;
  countFailure(request: FailedRequest): void;
  setWorkloads(kinds: ReadonlyMap<Kind, number>): void;
  setDrift(workloads: number): void;
  setLeader(isLeader: boolean): void;
  readonly contentType: string;
  render(): Promise<string>;
}

/** Metrics in a registry of their own. All series exist from the start: Prometheus does not see a first increase otherwise. */
export function makeRolloutMetrics(): RolloutMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, ...labelNames: readonly string[]) =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
  const gauge = (name: string, help: string, ...labelNames: readonly string[]) =>
    new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });

  const writes = counter(
    'writes_total',
    'Writes to workloads: restart, record (first versions of pin-version), settle (versions for which no restart is needed), by result.',
    'action',
    'result',
  );
  for (const action of WRITES) for (const result of WRITTEN) writes.inc({ action, result }, 0);
  const waits = counter(
    'waits_total',
    'Decisions not to restart a workload yet, once for each new reason.',
    'reason',
  );
  const waiting = gauge(
    'waiting_workloads',
    'Workloads with changes that have not been restarted yet.',
    'reason',
  );
  for (const reason of WAIT_REASONS) {
    waits.inc({ reason }, 0);
    waiting.set({ reason }, 0);
  }
  const oldest = gauge(
    'oldest_change_seconds',
    'Age of the oldest change for which a workload has not been restarted.',
  );
  const messages = counter('queue_messages_total', 'Messages of the queue, by what they were.', 'result');
  for (const result of MESSAGE_RESULTS) messages.inc({ result }, 0);
  const describes = counter('describe_requests_total', 'Requests for the versions of a secret.', 'result');
  for (const result of ['found', 'failed']) describes.inc({ result }, 0);
  const events = counter('events_total', 'Kubernetes Events about decisions.', 'result');
  for (const result of ['written', 'failed']) events.inc({ result }, 0);
  const failures = counter(
    'failures_total',
    'Failures of requests, once until the request works again.',
    'request',
  );
  for (const request of FAILED_REQUESTS) failures.inc({ request }, 0);
  const workloads = gauge('workloads', 'Workloads that request secrets.', 'kind');
  for (const kind of KINDS) workloads.set({ kind }, 0);
  const drift = gauge(
    'drift_workloads',
    'Workloads whose pods report different versions of a secret. The leader compares them at intervals.',
  );
  const leader = gauge('leader', 'Whether this replica is the leader: 1 or 0.');
  leader.set(0);
  gauge('build_info', 'Always 1. The labels describe the build.', 'version', 'node').set(
    { version: VERSION, node: process.version },
    1,
  );
  return {
    countWrite: (action, result) => writes.inc({ action, result }),
    countWait: (reason) => waits.inc({ reason }),
    setWaiting: (reasons, seconds) => {
      for (const reason of WAIT_REASONS) waiting.set({ reason }, reasons.get(reason) ?? 0);
      oldest.set(seconds);
    },
    countMessage: (result, count) => messages.inc({ result }, count),
    countDescribe: (result) => describes.inc({ result }),
    countEvent: (result) => events.inc({ result }),
    countFailure: (request) => failures.inc({ request }),
    setWorkloads: (kinds) => {
      for (const kind of KINDS) workloads.set({ kind }, kinds.get(kind) ?? 0);
    },
    setDrift: (count) => drift.set(count),
    setLeader: (isLeader) => leader.set(isLeader ? 1 : 0),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
