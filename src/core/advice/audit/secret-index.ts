/** The secrets that an audit knows: listed ones, and those that only workloads name. Found by ARN, name and pattern. */
import { literalStart, matchesResource, type Pattern, UNKNOWN_CHARACTER } from '../../iam/patterns.ts';
import type { SecretArn } from '../../names/arn.ts';
import type { AuditSecret } from './inputs.ts';

export interface KnownSecret {
  /** A partial ARN, if a workload names the secret so and no listing contains it. */
  readonly arn: SecretArn;
  readonly listed: AuditSecret | undefined;
}

/** The secrets that match a pattern, by their number. */
export interface Matches {
  readonly certain: readonly number[];
  readonly possible: readonly number[];
  /** How many ARNs were compared with the pattern; 0 if the result was known. */
  readonly compared: number;
}

/** Numbers in the lists that are kept. */
const MOST_KEPT = 4_000_000;

export class SecretIndex {
  /** In the order of their ARNs. */
  readonly all: readonly KnownSecret[];
  readonly #numbers = new Map<string, number>();
  readonly #byName = new Map<string, number>();
  readonly #places = new Set<string>();
  readonly #matches = new Map<string, Matches>();
  #kept = 0;

  /**
   * @param requested by workloads
   * @param named in policies: they may not exist, so they count only where there is no listing
   */
  constructor(
    listed: readonly AuditSecret[],
    requested: Iterable<SecretArn>,
    named: Iterable<SecretArn> = [],
  ) {
    const known = new Map<string, KnownSecret>();
    for (const secret of listed) {
      known.set(secret.arn.text, { arn: secret.arn, listed: secret });
      this.#places.add(placeOf(secret.arn));
    }
    const names = new Set(listed.map(({ arn }) => nameKey(arn)));
    const add = (arn: SecretArn) => {
      const isKnown = known.has(arn.text) || (arn.suffix === undefined && names.has(nameKey(arn)));
      if (!isKnown) known.set(arn.text, { arn, listed: undefined });
    };
    for (const arn of requested) {
      add(arn);
      if (arn.suffix !== undefined) names.add(nameKey(arn));
    }
    for (const arn of named) if (!this.isListed(arn)) add(arn);
    this.all = [...known.values()].toSorted((a, b) => (a.arn.text < b.arn.text ? -1 : 1));
    for (const [number, { arn }] of this.all.entries()) {
      this.#numbers.set(arn.text, number);
      this.#byName.set(nameKey(arn), number);
    }
  }

  /** The number of the secret that an ARN names. */
  find(arn: SecretArn): number | undefined {
    return (
      this.#numbers.get(arn.text) ?? (arn.suffix === undefined ? this.#byName.get(nameKey(arn)) : undefined)
    );
  }

  /** Whether a listing of the account and the Region of an ARN was given. */
  isListed(arn: SecretArn): boolean {
    return this.#places.has(placeOf(arn));
  }

  /** The secrets that match the pattern of a statement. */
  matching(pattern: Pattern): Matches {
    const key = `${pattern.isExact} ${pattern.marked}`;
    const known = this.#matches.get(key);
    if (known !== undefined) return { ...known, compared: 0 };
    const found = this.#search(pattern);
    this.#kept += found.certain.length + found.possible.length;
    if (this.#kept <= MOST_KEPT) this.#matches.set(key, found);
    return found;
  }

  #search(pattern: Pattern): Matches {
    const literal = literalStart(pattern);
    // A partial ARN is in order before its complete ones.
    const start = literal.replace(/-[A-Za-z0-9]{0,6}$/, '');
    const certain: number[] = [];
    const possible: number[] = [];
    const first = this.#firstFrom(start);
    let number = first;
    for (; number < this.all.length; number += 1) {
      const secret = this.all[number];
      if (secret === undefined || !secret.arn.text.startsWith(start)) break;
      const matches = matchesResource(pattern, resourceOf(secret));
      if (matches === 'yes') certain.push(number);
      else if (matches === 'unknown') possible.push(number);
    }
    return { certain, possible, compared: number - first };
  }

  /** The first secret whose ARN is not before a text. */
  #firstFrom(text: string): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.all[middle]?.arn.text ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The ARN as AWS compares it with policies, which always has a suffix. */
export function resourceOf({ arn }: Pick<KnownSecret, 'arn'>): string {
  return arn.suffix === undefined ? `${arn.text}-${UNKNOWN_CHARACTER.repeat(6)}` : arn.text;
}

/** A secret in several Regions has one name and one suffix. */
function nameKey({ region, account, name }: SecretArn): string {
  return `${region} ${account} ${name}`;
}

function placeOf({ region, account }: SecretArn): string {
  return `${region} ${account}`;
}
