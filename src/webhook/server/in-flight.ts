/**
 * A bound on the sum of bytes that clients make the server keep: bodies, or answers that are not taken. Beyond it, an entry of
 * the address with the most bytes gives way: the oldest unfinished one. An API server sends a body and takes an answer within
 * milliseconds, so the entry is that of a client that does neither, or that sends much more than its share. If all are
 * complete, the newest one gives way: the work on the others would be in vain, and none would ever be decided.
 */

/** One body or answer. */
export interface Entry {
  /** Adds bytes; may call `giveWay` of this or another entry. */
  grow(bytes: number): void;
  /** The body is complete, and waits for its decision. */
  complete(): void;
  /** The decision begins, the answer is taken, or the connection is closed. */
  end(): void;
}

export class InFlight {
  readonly #most: number;
  /** By address. */
  readonly #open = new Map<string, Share>();
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
    const share = this.#open.get(address) ?? new Share();
    this.#open.set(address, share);
    share.unfinished.add(entry);
    return {
      grow: (bytes) => {
        if (!share.unfinished.has(entry)) return;
        entry.bytes += bytes;
        share.bytes += bytes;
        this.#bytes += bytes;
        while (this.#bytes > this.#most) this.#dropOne();
      },
      complete: () => share.complete(entry),
      end: () => this.#remove(entry),
    };
  }

  #dropOne(): void {
    let largest: Share | undefined;
    for (const one of this.#open.values()) if (one.bytes > (largest?.bytes ?? 0)) largest = one;
    const entry = largest?.giveWay();
    if (entry === undefined) return;
    this.#remove(entry);
    entry.giveWay();
  }

  #remove(entry: OpenEntry): void {
    const share = this.#open.get(entry.address);
    if (share?.remove(entry) !== true) return;
    this.#bytes -= entry.bytes;
    if (share.isEmpty) this.#open.delete(entry.address);
  }
}

/** What one address has in flight. Every step takes constant time on average, and nothing refers to an entry that has ended. */
class Share {
  bytes = 0;
  /** In the order of their start. */
  readonly unfinished = new Set<OpenEntry>();
  /** By their order; those that have ended leave gaps. */
  readonly #complete = new Map<number, OpenEntry>();
  /** The order of the newest complete entry; 0 without one. */
  #newest = 0;

  complete(entry: OpenEntry): void {
    if (!this.unfinished.delete(entry)) return;
    this.#newest += 1;
    entry.order = this.#newest;
    this.#complete.set(entry.order, entry);
  }

  /** The entry that gives way first. */
  giveWay(): OpenEntry | undefined {
    const [oldest] = this.unfinished;
    return oldest ?? this.#complete.get(this.#newest);
  }

  /** @returns whether the entry was there */
  remove(entry: OpenEntry): boolean {
    const { order = 0 } = entry;
    if (!this.unfinished.delete(entry) && !this.#complete.delete(order)) return false;
    while (this.#newest > 0 && !this.#complete.has(this.#newest)) this.#newest -= 1;
    entry.order = undefined;
    this.bytes -= entry.bytes;
    return true;
  }

  get isEmpty(): boolean {
    return this.unfinished.size + this.#complete.size === 0;
  }
}

interface OpenEntry {
  readonly address: string;
  bytes: number;
  /** Among the complete entries of the address. */
  order?: number | undefined;
  readonly giveWay: () => void;
}
