/** Workloads for tests: as decisions see them, and as objects of Kubernetes. */
import { PREFIX } from '../../src/core/names/prefix.ts';
import type { Rules, Situation } from '../../src/rollout/decide/decide.ts';
import type { Workload } from '../../src/rollout/decide/workload.ts';

export const DB = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf';
export const API = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/api-GhIjKl';

/** The ID of a made-up version. */
export function version(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function workload(changes: Partial<Workload> = {}): Workload {
  const name = changes.name ?? 'web';
  return {
    kind: 'Deployment',
    namespace: 'shop',
    name,
    uid: `uid-${changes.namespace ?? 'shop'}-${name}`,
    resourceVersion: '1',
    secrets: [DB],
    all: changes.secrets ?? [DB],
    isPinned: false,
    excluded: undefined,
    isHeld: false,
    isPaused: false,
    isOnDelete: false,
    recorded: new Map(),
    isRecordForeign: false,
    settled: new Map([[DB, version(1)]]),
    restarts: [],
    isRolling: false,
    disrupts: false,
    labels: { app: name },
    selector: `app=${name}`,
    ...changes,
  };
}

export const RULES: Rules = {
  atOnce: 100,
  atOncePerNamespace: 100,
  perHour: 1000,
  perHourPerNamespace: 1000,
  stuckAfter: 600_000,
  delay: 0,
  windows: [],
  timeZone: 'UTC',
};

/** Wednesday noon. */
export const NOON = Date.parse('2026-11-25T12:00:00Z');

export function situation(changes: Partial<Situation> = {}): Situation {
  return {
    now: NOON,
    workloads: [workload()],
    current: new Map([[DB, version(2)]]),
    changedSince: new Map(),
    rollingSince: new Map(),
    recent: [],
    disruptionBudgets: [],
    rules: RULES,
    ...changes,
  };
}

interface ObjectOptions {
  readonly kind?: string;
  readonly namespace?: string;
  /** Of the pod template, without the prefix. */
  readonly requests?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface WorkloadObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** An object that requests `DB` as a file, unless told otherwise. Its pods are up to date. */
export function workloadObject(name: string, options: ObjectOptions = {}): WorkloadObject {
  const { kind = 'Deployment', namespace = 'shop', requests = { 'file.db': DB } } = options;
  const annotations = Object.fromEntries(
    Object.entries(requests).map(([key, value]) => [PREFIX + key, value]),
  );
  return {
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: {
      namespace,
      name,
      uid: `uid-${namespace}-${name}`,
      resourceVersion: '1',
      generation: 1,
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
      ...options.metadata,
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: { ...annotations, ...options.templateAnnotations } },
        spec: { containers: [{ name: 'app', image: 'registry.example/app' }] },
      },
      ...options.spec,
    },
    status: {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      ...options.status,
    },
  };
}
