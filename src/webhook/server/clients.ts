/**
 * Connections by the address of their client, and which of them gives way to a new one. The first rule that finds one:
 *
 * 1. The longest waiting connection of the address with the most of them, if it waits for long: without any request, or
 *    with a request in progress, of which an API server's takes milliseconds.
 * 2. The longest waiting connection of any address, if it waits for long.
 * 3. Of the address with the most connections, the longest idle one: between two requests, or without any. If it has
 *    none, the one with the oldest request in progress.
 *
 * A client that has received an answer may hold some connections before they count. An API server is such a client, and a
 * flood from many addresses is not.
 */

/** No request yet, a request in progress, or between two requests. */
export type Place = 'silent' | 'busy' | 'idle';

interface Connection {
  readonly address: string;
  /** Since when it is in its place, in milliseconds. */
  since: number;
  place: Place;
}

/** An API server begins and ends a request within this time, unless the machine is overloaded. */
const LONG_MILLISECONDS = 1_000;

/** More than one API server opens for a burst of pods, most of the time. */
const TRUSTED_CONNECTIONS = 32;

/** More than a cluster has API servers. */
const MOST_TRUSTED = 1_024;

/** The connections of one address, each set in the order of time. */
type Client<C> = Readonly<Record<Place, Set<C>>>;

export class Clients<C extends Connection> {
  readonly #byAddress = new Map<string, Client<C>>();
  /** Addresses that received an answer, the latest last. */
  readonly #trusted = new Set<string>();
  #size = 0;

  /** The number of connections. */
  get size(): number {
    return this.#size;
  }

  add(connection: C): void {
    const { address, place } = connection;
    let client = this.#byAddress.get(address);
    if (client === undefined) {
      client = { silent: new Set(), busy: new Set(), idle: new Set() };
      this.#byAddress.set(address, client);
    }
    client[place].add(connection);
    this.#size += 1;
  }

  /** Does nothing if the connection is deleted already. */
  delete(connection: C): void {
    const client = this.#byAddress.get(connection.address);
    if (client?.[connection.place].delete(connection) !== true) return;
    this.#size -= 1;
    if (client.silent.size + client.busy.size + client.idle.size === 0)
      this.#byAddress.delete(connection.address);
  }

  /** Does nothing if the connection is deleted already. @param now in milliseconds */
  move(connection: C, place: Place, now: number): void {
    const client = this.#byAddress.get(connection.address);
    if (client?.[connection.place].delete(connection) !== true) return;
    connection.place = place;
    connection.since = now;
    client[place].add(connection);
  }

  /** Notes that a client received an answer. */
  trust(address: string): void {
    this.#trusted.delete(address);
    this.#trusted.add(address);
    const [oldest] = this.#trusted;
    if (this.#trusted.size > MOST_TRUSTED && oldest !== undefined) this.#trusted.delete(oldest);
  }

  /** The connection that gives way. Costs time linear in the number of addresses. @param now in milliseconds */
  first(now: number): C | undefined {
    let longest: C | undefined;
    let mostWaiting: C | undefined;
    let most: Client<C> | undefined;
    let waitingCount = Number.NEGATIVE_INFINITY;
    let count = Number.NEGATIVE_INFINITY;
    for (const [address, client] of this.#byAddress) {
      const allowance = this.#trusted.has(address) ? TRUSTED_CONNECTIONS : 0;
      const waiting = earlier(firstOf(client.silent), firstOf(client.busy));
      const ownWaiting = client.silent.size + client.busy.size - allowance;
      longest = earlier(longest, waiting);
      if (waiting !== undefined && ownWaiting > waitingCount)
        [mostWaiting, waitingCount] = [waiting, ownWaiting];
      const own = ownWaiting + client.idle.size;
      if (own > count) [most, count] = [client, own];
    }
    for (const one of [mostWaiting, longest])
      if (one !== undefined && now - one.since >= LONG_MILLISECONDS) return one;
    if (most === undefined) return undefined;
    return earlier(firstOf(most.idle), firstOf(most.silent)) ?? firstOf(most.busy);
  }
}

function firstOf<C>(set: ReadonlySet<C>): C | undefined {
  const [first] = set;
  return first;
}

/** Of two connections, the one that has been in its place for longer. */
function earlier<C extends Connection>(one: C | undefined, other: C | undefined): C | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.since < other.since ? one : other;
}
