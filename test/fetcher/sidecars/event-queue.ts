/** Virtual time for millions of events: what happens at a time is a function that returns at once. */

interface Event {
  readonly at: number;
  readonly act: () => void;
}

export class EventQueue {
  /** A binary heap, the next event first. */
  readonly #events: Event[] = [];
  #now = 0;

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Lets something happen after some milliseconds. */
  after(milliseconds: number, act: () => void): void {
    const event = { at: this.#now + milliseconds, act };
    let place = this.#events.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#events[above];
      if (other === undefined || other.at <= event.at) break;
      this.#events[place] = other;
      place = above;
    }
    this.#events[place] = event;
  }

  /** Runs everything that happens before an end, in milliseconds. */
  run(end: number): void {
    for (let event = this.#take(); event !== undefined && event.at < end; event = this.#take()) {
      this.#now = event.at;
      event.act();
    }
  }

  #take(): Event | undefined {
    const [first] = this.#events;
    const last = this.#events.pop();
    if (first === undefined || last === undefined || this.#events.length === 0) return first;
    let place = 0;
    for (;;) {
      const below = this.#nextBelow(place);
      const other = this.#events[below];
      if (other === undefined || other.at >= last.at) break;
      this.#events[place] = other;
      place = below;
    }
    this.#events[place] = last;
    return first;
  }

  /** The index of the earlier of the two events below a place. */
  #nextBelow(place: number): number {
    const left = this.#events[2 * place + 1];
    const right = this.#events[2 * place + 2];
    return right !== undefined && left !== undefined && right.at < left.at ? 2 * place + 2 : 2 * place + 1;
  }
}
