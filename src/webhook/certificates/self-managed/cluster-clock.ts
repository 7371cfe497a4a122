/**
 * The time by the clock of the API server, which verifies the certificates. The clock of the node can be wrong or jump; a CA or
 * a certificate with dates of such a clock would be rejected.
 */
export class ClusterClock {
  readonly #local: () => number;
  readonly #monotonic: () => number;
  #offset: number | undefined;

  /** @param local the clock of this machine, until the API server has answered @param monotonic a clock that never jumps */
  constructor(local: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#local = local;
    this.#monotonic = monotonic;
  }

  /** Takes over the clock of the API server. @param at in milliseconds */
  set(at: number): void {
    this.#offset = at - this.#monotonic();
  }

  /** In milliseconds. */
  now(): number {
    return this.#offset === undefined ? this.#local() : this.#offset + this.#monotonic();
  }
}
