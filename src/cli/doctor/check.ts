/** The interface of the checks of `doctor`. A check has a file in `checks/`. */
import { printable } from '../../core/problems/quote.ts';
import type { Result } from '../../core/problems/result.ts';
import type { ApiAnswer, ClusterApi } from '../../kubernetes/api-client.ts';
import type { RequestingWorkload } from '../cluster/requesting-workloads.ts';
import type { Network } from './network.ts';

export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** One line of the report. */
export interface Finding {
  readonly status: Status;
  /** What was found, or why the check was skipped. */
  readonly what: string;
  /** What to do, or commands to run. */
  readonly next: readonly string[];
}

export interface Check {
  readonly name: string;
  /** What is checked, for the documentation. */
  readonly about: string;
  /** @returns at least one finding. Stops when the signal aborts. */
  run(context: Context, signal: AbortSignal): Promise<readonly Finding[]>;
}

/** Answers that several checks need: each is read once. A problem is a finding. */
export interface Facts {
  version(): Promise<ApiAnswer>;
  /** All MutatingWebhookConfigurations. */
  registrations(): Promise<Result<readonly unknown[], Finding>>;
  namespaces(): Promise<Result<readonly NamespaceFact[], Finding>>;
  workloads(): Promise<Result<readonly RequestingWorkload[], Finding>>;
}

export interface NamespaceFact {
  readonly name: string;
  readonly isOptedIn: boolean;
}

export interface Context {
  readonly api: ClusterApi;
  readonly facts: Facts;
  readonly network: Network;
  /** Whether the program runs in a pod of the cluster. */
  readonly isInPod: boolean;
  /** The namespace of the webhook. */
  readonly namespace: string;
  /** Where a pod is tried; undefined for any namespace that has opted in. */
  readonly podNamespace: string | undefined;
  /** Regions to check in addition to those of the workloads. */
  readonly regions: readonly string[];
  /** The clock of this machine, in milliseconds. */
  now(): number;
}

/** A line without anything to do. */
export function okay(what: string): Finding {
  return { status: 'ok', what, next: [] };
}

/** A line with something to do. */
export function finding(status: Exclude<Status, 'ok'>, what: string, ...next: readonly string[]): Finding {
  return { status, what, next };
}

/** Explains that a request was not answered. @param right that the request needs, such as `list nodes` */
export function unanswered(answer: Exclude<ApiAnswer, { readonly kind: 'answer' }>, right: string): Finding {
  if (answer.kind === 'failed') return finding('skipped', `the API server did not answer: ${answer.what}`);
  if (answer.status === 401 || answer.status === 403)
    return finding('skipped', `needs the right to ${right}`, `kubectl auth can-i ${right}`);
  return finding('skipped', `the API server answered with status ${answer.status} (${right})`);
}

/** A few names of many. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => printable(name, 300));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

const MOST_NAMES = 5;

/** `1 node`, `2 nodes`. */
export function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
