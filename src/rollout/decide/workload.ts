/** A workload as decisions see it: the relevant fields of an object of Kubernetes, and nothing else. */
import type { VersionMap } from '../../core/plan/version-map.ts';

export const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'] as const;
/** `Rollout` is that of Argo Rollouts. */
export type Kind = (typeof KINDS)[number];

export interface Workload {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Keys of the secrets whose changes need a restart. */
  readonly secrets: readonly string[];
  /** Keys of all secrets that the pods receive. */
  readonly all: readonly string[];
  /** Whether the version IDs of the annotation are those that the pods fetch (`pin-version`). */
  readonly isPinned: boolean;
  /** Why it is never restarted. */
  readonly excluded: 'opted-out' | 'refreshes' | undefined;
  /** By the annotation of the user. */
  readonly isHeld: boolean;
  /** `spec.paused`. */
  readonly isPaused: boolean;
  /** Whether pods are only replaced when somebody deletes them (`updateStrategy: OnDelete`). */
  readonly isOnDelete: boolean;
  /** With which the pods were started, as the controller recorded it. */
  readonly recorded: VersionMap;
  /** Whether somebody else wrote the recorded versions, such as a rollback. */
  readonly isRecordForeign: boolean;
  /** For which it is not restarted. */
  readonly settled: VersionMap;
  /** The last restart and those in the hour before it, in milliseconds since 1970. */
  readonly restarts: readonly number[];
  /** Whether its pods are being replaced. */
  readonly isRolling: boolean;
  /** Whether a restart takes pods down before others are ready. */
  readonly disrupts: boolean;
  /** Of the pods, for the selectors of budgets. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that its pods have, as in a query. */
  readonly selector: string | undefined;
}

/** `Deployment shop/web`. */
export function nameOf({ kind, namespace, name }: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}
