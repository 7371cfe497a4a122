/** Lines and columns of many offsets of one text. */

export interface LinePlace {
  readonly line: number;
  readonly column: number;
}

export class LineIndex {
  /** The offsets at which lines start. */
  readonly #starts: readonly number[];
  readonly #length: number;

  constructor(text: string) {
    const starts = [0];
    for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) starts.push(feed + 1);
    this.#starts = starts;
    this.#length = text.length;
  }

  /** The line and column of an offset, from 1. An offset after the end is that of the end. */
  placeOf(wanted: number): LinePlace {
    const offset = Math.min(Math.max(wanted, 0), this.#length);
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}
