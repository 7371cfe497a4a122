/** Bounds the work of an audit, whatever policies contain. */
import type { Policy } from '../../iam/read-policy.ts';

export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** @param steps the number of items that are looked at @returns whether there is still work left to spend */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }

  /** The same for comparisons of patterns and conditions, each of which is about as much work as a hundred items. */
  spendOnComparisons(count: number): boolean {
    return this.spend(count * 100);
  }
}

/** The most comparisons that one evaluation of policies takes. */
export function sizeOf(policies: readonly Policy[]): number {
  let size = 1;
  for (const { statements } of policies)
    for (const { actions, resources, principals, conditions } of statements) {
      size += actions.values.length + (resources?.values.length ?? 0) + (principals?.values.length ?? 0);
      for (const { values } of conditions) size += values.length;
    }
  return size;
}
