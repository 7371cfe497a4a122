/** PodDisruptionBudgets. A rolling update does not consult them, so the controller does before a restart. */
import { field, integerField, textField } from '../../core/json.ts';
import { selects } from './selector.ts';
import type { Workload } from './workload.ts';

export interface DisruptionBudget {
  readonly namespace: string;
  readonly name: string;
  readonly selector: unknown;
  /** Whether fewer pods are healthy than it requires. */
  readonly isViolated: boolean;
  /** How many pods may be taken down now. */
  readonly allowed: number;
}

/** Reads a PodDisruptionBudget. @returns undefined without a name */
export function readDisruptionBudget(object: unknown): DisruptionBudget | undefined {
  const metadata = field(object, 'metadata');
  const [namespace, name] = [textField(metadata, 'namespace'), textField(metadata, 'name')];
  const status = field(object, 'status');
  if (!namespace || !name) return undefined;
  return {
    namespace,
    name,
    selector: field(field(object, 'spec'), 'selector'),
    isViolated: (integerField(status, 'currentHealthy') ?? 0) < (integerField(status, 'desiredHealthy') ?? 0),
    allowed: integerField(status, 'disruptionsAllowed') ?? 0,
  };
}

/** Which budgets allow a restart. Each restart that takes pods down uses one of the disruptions that a budget allows. */
export class Disruptions {
  readonly #budgets: readonly DisruptionBudget[];
  readonly #used = new Map<DisruptionBudget, number>();

  constructor(budgets: readonly DisruptionBudget[]) {
    this.#budgets = budgets;
  }

  /** Whether every budget of the pods allows a restart. */
  allows(workload: Workload): boolean {
    return this.#of(workload).every(
      (one) => !one.isViolated && (!workload.disrupts || (this.#used.get(one) ?? 0) < one.allowed),
    );
  }

  use(workload: Workload): void {
    if (!workload.disrupts) return;
    for (const one of this.#of(workload)) this.#used.set(one, (this.#used.get(one) ?? 0) + 1);
  }

  #of({ namespace, labels }: Workload): readonly DisruptionBudget[] {
    return this.#budgets.filter((one) => one.namespace === namespace && selects(one.selector, labels));
  }
}
