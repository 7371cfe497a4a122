/**
 * A bound on the sum of bytes that clients make the server keep: unfinished bodies, or answers that are not taken. Beyond
 * it, the oldest entry of the address with the most bytes gives way. An API server sends a body and takes an answer
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
    const share = this.#open.get(address) ?? { entries: new Set(), bytes: 0 };
    this.#open.set(address, share);
    share.entries.add(entry);
    return {
      grow: (bytes) => {
        if (!share.entries.has(entry)) return;
        entry.bytes += bytes;
        share.bytes += bytes;
        this.#bytes += bytes;
        while (this.#bytes > this.#most) this.#dropOne();
      },
      end: () => this.#remove(entry),
    };
  }

  #dropOne(): void {
    let largest: Share | undefined;
    for (const one of this.#open.values()) if (one.bytes > (largest?.bytes ?? 0)) largest = one;
    const [oldest] = largest?.entries ?? [];
    if (oldest === undefined) return;
    this.#remove(oldest);
    oldest.giveWay();
  }

  #remove(entry: OpenEntry): void {
    const share = this.#open.get(entry.address);
    if (share?.entries.delete(entry) !== true) return;
    share.bytes -= entry.bytes;
    this.#bytes -= entry.bytes;
    if (share.entries.size === 0) this.#open.delete(entry.address);
  }
}

/** What one address has in flight. */
interface Share {
  /** In the order of their start. */
  readonly entries: Set<OpenEntry>;
  bytes: number;
}

interface OpenEntry {
  readonly address: string;
  bytes: number;
  readonly giveWay: () => void;
}
