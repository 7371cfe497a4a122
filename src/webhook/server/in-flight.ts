/**
 * A bound on the sum of bytes that clients make the server keep: unfinished bodies, or answers that are not taken. Beyond
 * it, an entry of the address with the most entries gives way, its oldest. An API server sends a body and takes an answer
 * within milliseconds, so the entry is that of a client that does neither, or that sends much more than its share.
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
  /** Of each address, in the order of their start. */
  readonly #open = new Map<string, Set<OpenEntry>>();
  #bytes = 0;

  /** @param most bytes of all entries */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * @param address of the client
   * @param giveWay frees what the entry keeps; called at most once, and never after `end`
   */
  begin(address: string, giveWay: () => void): Entry {
    const entry: OpenEntry = { address, bytes: 0, giveWay };
    const others = this.#open.get(address);
    if (others === undefined) this.#open.set(address, new Set([entry]));
    else others.add(entry);
    return {
      grow: (bytes) => {
        if (!this.#has(entry)) return;
        entry.bytes += bytes;
        this.#bytes += bytes;
        while (this.#bytes > this.#most) this.#dropOne();
      },
      end: () => this.#remove(entry),
    };
  }

  #has(entry: OpenEntry): boolean {
    return this.#open.get(entry.address)?.has(entry) === true;
  }

  #dropOne(): void {
    let largest: ReadonlySet<OpenEntry> = new Set();
    for (const one of this.#open.values()) if (one.size > largest.size) largest = one;
    const [oldest] = largest;
    if (oldest === undefined) return;
    this.#remove(oldest);
    oldest.giveWay();
  }

  #remove(entry: OpenEntry): void {
    const others = this.#open.get(entry.address);
    if (others?.delete(entry) !== true) return;
    this.#bytes -= entry.bytes;
    if (others.size === 0) this.#open.delete(entry.address);
  }
}

interface OpenEntry {
  readonly address: string;
  bytes: number;
  readonly giveWay: () => void;
}
