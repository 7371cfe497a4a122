/**
 * A bound on the sum of bytes that clients make the server keep: unfinished bodies, or answers that are not taken. Beyond
 * it, the oldest entry gives way. An API server sends a body and takes an answer within milliseconds, so the oldest entry is
 * that of a client that does neither.
 */

/** One body or answer. */
export interface Entry {
  /** Adds bytes; may call `giveWay` of this or another entry. */
  grow(bytes: number): void;
  /** The body is complete, the answer taken, or the connection closed. */
  end(): void;
}

export class InFlight {
  readonly #most: number;
  /** In the order of their start. */
  readonly #open = new Set<OpenEntry>();
  #bytes = 0;

  /** @param most bytes of all entries */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param giveWay frees what the entry keeps; called at most once, and never after `end` */
  begin(giveWay: () => void): Entry {
    const entry: OpenEntry = { bytes: 0, giveWay };
    this.#open.add(entry);
    return {
      grow: (bytes) => {
        if (!this.#open.has(entry)) return;
        entry.bytes += bytes;
        this.#bytes += bytes;
        while (this.#bytes > this.#most) this.#dropOldest();
      },
      end: () => this.#remove(entry),
    };
  }

  #dropOldest(): void {
    for (const entry of this.#open) {
      this.#drop(entry);
      return;
    }
  }

  #drop(entry: OpenEntry): void {
    this.#remove(entry);
    entry.giveWay();
  }

  #remove(entry: OpenEntry): void {
    if (this.#open.delete(entry)) this.#bytes -= entry.bytes;
  }
}

interface OpenEntry {
  bytes: number;
  readonly giveWay: () => void;
}
