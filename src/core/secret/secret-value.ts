/** The wrapper around secret values. Every way of printing it prints a placeholder. */

const PLACEHOLDER = '[secret]';

/**
 * A secret value, text or bytes. Code wraps the value on the line that receives it, and unwraps it only to parse, render or
 * write it. Template strings, JSON, `console` and `util.inspect` show a placeholder.
 */
export class SecretValue {
  readonly #content: string | Uint8Array;

  constructor(content: string | Uint8Array) {
    this.#content = content;
  }

  /** The value as text; undefined for bytes that are not UTF-8 and for text that UTF-8 cannot represent. */
  revealText(): string | undefined {
    if (typeof this.#content === 'string') return this.#content.isWellFormed() ? this.#content : undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#content);
    } catch {
      return undefined;
    }
  }

  /** The value as bytes, text in UTF-8; undefined for text that UTF-8 cannot represent. */
  revealBytes(): Uint8Array | undefined {
    if (typeof this.#content !== 'string') return this.#content;
    return this.#content.isWellFormed() ? new TextEncoder().encode(this.#content) : undefined;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [Symbol.toPrimitive](): string {
    return PLACEHOLDER;
  }

  /** Node's `util.inspect` finds this symbol by name, so the core needs no Node API. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PLACEHOLDER;
  }
}
