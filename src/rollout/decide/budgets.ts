/** Budgets: how many workloads may be restarted at once and in an hour, in the cluster and in a namespace. */
import type { Workload } from './workload.ts';

export interface Budgets {
  readonly atOnce: number;
  readonly atOncePerNamespace: number;
  readonly perHour: number;
  readonly perHourPerNamespace: number;
  /** Milliseconds after which a restart that is not complete no longer counts as one at once. */
  readonly stuckAfter: number;
}

/** A restart by this process. The cluster may not show it yet. */
export interface Restart {
  readonly uid: string;
  readonly namespace: string;
  /** Milliseconds since 1970, in whole seconds. */
  readonly at: number;
}

export type BudgetName = 'at-once' | 'at-once-per-namespace' | 'per-hour' | 'per-hour-per-namespace';

const HOUR = 3_600_000;

/** What is left of the budgets. */
export class Spending {
  readonly #budgets: Budgets;
  #active = 0;
  #started = 0;
  readonly #activeIn = new Map<string, number>();
  readonly #startedIn = new Map<string, number>();

  /** Counts the restarts that the workloads record, and those of this process. */
  constructor(budgets: Budgets, workloads: readonly Workload[], recent: readonly Restart[], now: number) {
    this.#budgets = budgets;
    const known = new Map(workloads.map((one) => [one.uid, one]));
    const active = new Set<string>();
    const counted = new Set<string>();
    const count = ({ uid, namespace, at }: Restart): void => {
      const id = `${uid} ${at}`;
      if (at <= now - HOUR || counted.has(id)) return;
      counted.add(id);
      this.#start(namespace);
    };
    for (const one of workloads) {
      for (const at of one.restarts) count({ ...one, at });
      const last = Math.max(...one.restarts);
      if (one.isRolling && last > now - budgets.stuckAfter) active.add(one.uid);
    }
    for (const one of recent) {
      count(one);
      const workload = known.get(one.uid);
      // The cluster does not show this restart yet.
      if (workload !== undefined && !workload.restarts.includes(one.at) && one.at > now - budgets.stuckAfter)
        active.add(one.uid);
    }
    for (const uid of active) this.#activate(known.get(uid)?.namespace ?? '');
  }

  /** Spends one restart. @returns the budget that does not allow it; nothing is spent then */
  spend(namespace: string): BudgetName | undefined {
    const { atOnce, atOncePerNamespace, perHour, perHourPerNamespace } = this.#budgets;
    if (this.#active >= atOnce) return 'at-once';
    if ((this.#activeIn.get(namespace) ?? 0) >= atOncePerNamespace) return 'at-once-per-namespace';
    if (this.#started >= perHour) return 'per-hour';
    if ((this.#startedIn.get(namespace) ?? 0) >= perHourPerNamespace) return 'per-hour-per-namespace';
    this.#activate(namespace);
    this.#start(namespace);
    return undefined;
  }

  #activate(namespace: string): void {
    this.#active += 1;
    this.#activeIn.set(namespace, (this.#activeIn.get(namespace) ?? 0) + 1);
  }

  #start(namespace: string): void {
    this.#started += 1;
    this.#startedIn.set(namespace, (this.#startedIn.get(namespace) ?? 0) + 1);
  }
}
