/** Collects a body of limited size in one buffer, however small its parts are. */
export class Body {
  readonly #most: number;
  #buffer: Buffer;
  #length = 0;

  /** @param most bytes @param expected bytes, if they are known */
  constructor(most: number, expected = Math.min(most, 4096)) {
    this.#most = most;
    this.#buffer = Buffer.allocUnsafeSlow(expected);
  }

  /** @returns whether the part fits into the limit */
  add(part: Buffer): boolean {
    const length = this.#length + part.length;
    if (length > this.#most) return false;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#most, Math.max(length, 2 * this.#buffer.length)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    part.copy(this.#buffer, this.#length);
    this.#length = length;
    return true;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
