/** The condition keys of a request, as far as they are known. */

/** The values of a key; `absent` for a key that the request certainly does not have. */
export type KnownValue = readonly string[] | 'absent';

/** Keys are compared without case, as IAM does. */
export class RequestContext {
  readonly #values = new Map<string, KnownValue | 'unknown'>();
  readonly #complete: readonly string[];
  readonly #parent: RequestContext | undefined;

  /**
   * @param values of keys
   * @param complete starts of keys, such as `aws:PrincipalTag/`: a request has no other keys that start so
   * @param parent further keys; those of this context take precedence
   */
  constructor(
    values: Readonly<Record<string, KnownValue | 'unknown' | string>>,
    complete: readonly string[] = [],
    parent?: RequestContext,
  ) {
    for (const [key, value] of Object.entries(values))
      this.#values.set(
        key.toLowerCase(),
        typeof value === 'string' && value !== 'absent' && value !== 'unknown' ? [value] : value,
      );
    this.#complete = complete.map((start) => start.toLowerCase());
    this.#parent = parent;
  }

  get(key: string): KnownValue | 'unknown' {
    return this.#get(key.toLowerCase());
  }

  #get(key: string): KnownValue | 'unknown' {
    const value = this.#values.get(key);
    if (value !== undefined) return value;
    if (this.#complete.some((start) => key.startsWith(start))) return 'absent';
    return this.#parent === undefined ? 'unknown' : this.#parent.#get(key);
  }
}
