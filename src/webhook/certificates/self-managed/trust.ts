/** Since when the registrations contain a CA, as this replica has read them. */
import type { Authority } from './authority.ts';

/** API servers learn of a change within milliseconds. A busy one gets a minute. */
const MOST_SETTLING_MILLISECONDS = 60_000;
/** With short lifetimes, the same part of them that a minute is of some hours. */
const SETTLING_PART = 20;

export class Trust {
  readonly #settling: number;
  readonly #since = new Map<string, number>();

  /** @param certificateLifetime in milliseconds */
  constructor(certificateLifetime: number) {
    this.#settling = Math.min(MOST_SETTLING_MILLISECONDS, certificateLifetime / SETTLING_PART);
  }

  /** Records which CAs the registrations contain; any other is forgotten. @param now in milliseconds */
  set(trusted: readonly Authority[], now: number): void {
    const since = new Map(trusted.map(({ cert }) => [cert, this.#since.get(cert) ?? now]));
    this.#since.clear();
    for (const [cert, at] of since) this.#since.set(cert, at);
  }

  has({ cert }: Authority): boolean {
    return this.#since.has(cert);
  }

  /** Whether every API server has had the time to learn of the CA. */
  isSettled(authority: Authority, now: number): boolean {
    return this.has(authority) && this.settlesIn(authority, now).length === 0;
  }

  /** Milliseconds until then; empty if it has passed, or if the CA is not trusted. */
  settlesIn({ cert }: Authority, now: number): readonly number[] {
    const since = this.#since.get(cert);
    // The clock may have been set back.
    if (since === undefined || now < since || now >= since + this.#settling) return [];
    return [since + this.#settling - now];
  }
}
