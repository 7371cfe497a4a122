/** Bounds the work of an audit, whatever policies contain. */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** @returns whether there is still work left to spend */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }
}
