/** The wrapper around secret material. Printing it, in any way, prints a placeholder. */

const PLACEHOLDER = '[secret]';

/**
 * A secret's value, text or bytes. It is wrapped at the line that first sees it and opened only where it is
 * parsed, rendered or written. Template strings, JSON, `console` and `util.inspect` all show a placeholder.
 */
export class SecretValue {
  readonly #content: string | Uint8Array;

  constructor(content: string | Uint8Array) {
    this.#content = content;
  }

  /** The value as text; undefined for bytes that are not UTF-8 or text that cannot be UTF-8. */
  revealText(): string | undefined {
    if (typeof this.#content === 'string') return this.#content.isWellFormed() ? this.#content : undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#content);
    } catch {
      return undefined;
    }
  }

  /** The value as bytes, text as UTF-8; undefined for text that cannot be UTF-8. */
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

  /** Node's `util.inspect` looks this symbol up by name, so no Node API is needed. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PLACEHOLDER;
  }
}
