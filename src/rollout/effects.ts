/**
 * Everything that the controller does outside of its memory. Each method is one request, so that a test can end the process
 * before and after each of them.
 */
import type { VersionMap } from '../core/plan/version-map.ts';
import type { DisruptionBudget } from './decide/disruption.ts';
import type { Workload } from './decide/workload.ts';

/** Version IDs by staging label. */
export type Stages = ReadonlyMap<string, string>;

/** An answer about the versions of a secret. */
export type Described =
  | { readonly kind: 'found'; readonly stages: Stages }
  /** `code` is that of AWS. `isGone`: the secret does not exist. */
  | { readonly kind: 'failed'; readonly code: string; readonly isGone: boolean };

/** What became of a write. `unknown`: the request may have been carried out. */
export const WRITE_RESULTS = ['written', 'conflict', 'gone', 'denied', 'rejected', 'unknown'] as const;
export type WriteResult = (typeof WRITE_RESULTS)[number];

export interface Note {
  readonly type: 'Normal' | 'Warning';
  /** In CamelCase, for `kubectl get events`. */
  readonly reason: string;
  readonly text: string;
}

/** A message of the queue. */
export interface Message {
  readonly body: string;
  /** For its deletion. */
  readonly receipt: string;
}

export interface Effects {
  describe(arn: string): Promise<Described>;
  /** Applies a merge patch. A success is seen by `Cluster.workloads` at once. */
  write(workload: Workload, patch: string): Promise<WriteResult>;
  /** The versions that each pod reported. @returns undefined if they cannot be listed */
  deliveredTo(workload: Workload): Promise<readonly VersionMap[] | undefined>;
  tell(workload: Workload, note: Note): Promise<void>;
  /** Deletes messages. */
  remove(receipts: readonly string[]): Promise<void>;
}

/** What the controller knows of the cluster. */
export interface Cluster {
  workloads(): readonly Workload[];
  disruptionBudgets(): readonly DisruptionBudget[];
}
