/**
 * What the processes of sidecar mode tell each other. A process that waits keeps little in memory; each look is a process of
 * its own, which loads the AWS SDK, has the values in memory, and ends.
 */
import type { Credentials } from '../../aws/calls/secret-reader.ts';
import type { DeliveredVersion } from '../../core/plan/versions.ts';
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import type { Problem } from '../../core/problems/problems.ts';
import type { RefreshCode } from '../../core/problems/refresh-codes.ts';
import type { LookEnd } from './schedule.ts';

export type LookProblem = Problem<FetchCode | RefreshCode>;

/** In the order of the plan's secrets; null for a version that is not known. */
export type Versions = readonly (DeliveredVersion | null)[];

/** What the first run passes on, as JSON in an argument. */
export interface RefreshStart {
  /** Between two looks, before jitter. */
  readonly seconds: number;
  /** The time limit of a look. */
  readonly lookSeconds: number;
  /** The place of the status file. */
  readonly statusFile: string;
  /** The directory of `--root`. */
  readonly root: string;
  /** The ARN of each secret of the plan. */
  readonly arns: readonly string[];
  readonly versions: Versions;
  /** Whether the sidecar had started before in this pod. Then the first look follows at once. */
  readonly isRestart: boolean;
  /** Of the metrics, on the loopback address. */
  readonly port: number;
}

/** Credentials of an earlier look. */
export interface KeptCredentials extends Credentials {
  /** By `monotonicNow`. */
  readonly until: number;
}

/** What a process does, as JSON on its standard input. */
export interface LookRequest {
  /** `act` performs only the actions that are due. */
  readonly what: 'look' | 'act';
  readonly versions: Versions;
  readonly credentials?: KeptCredentials | undefined;
}

export type LookOutcome =
  /** All versions are those that were delivered before. */
  | 'same'
  /** New versions are in place. */
  | 'wrote'
  /** New versions do not change any file. */
  | 'kept'
  | 'failed';

/** One attempt of an action. */
export interface ActionReport {
  /** As in the annotation, such as `signal:HUP@app`. */
  readonly action: string;
  readonly problem?: LookProblem | undefined;
}

/** How a look has ended. */
export interface LookReport {
  readonly outcome: LookOutcome;
  readonly end: LookEnd;
  readonly problems: readonly LookProblem[];
  readonly versions: Versions;
  readonly warnings: readonly string[];
}

/** What a process has done, as JSON on its standard output. */
export interface Report {
  /** Undefined after `act`. */
  readonly look?: LookReport | undefined;
  readonly credentials?: KeptCredentials | undefined;
  readonly actions: readonly ActionReport[];
  /** How many actions are still due. */
  readonly due: number;
}
