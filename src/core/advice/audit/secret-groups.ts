/** Groups secrets that conditions cannot tell apart, so that a condition is evaluated once for each group. */
import { RequestContext } from '../../iam/request-context.ts';
import { secretContext } from './role-context.ts';
import type { KnownSecret, SecretIndex } from './secret-index.ts';

export interface SecretGrouping {
  /** The number of the group of each secret. */
  readonly groupOf: readonly number[];
  /** A secret of each group. */
  readonly examples: readonly KnownSecret[];
}

const NOTHING = new RequestContext({});

export class SecretGroups {
  readonly #index: SecretIndex;
  readonly #known = new Map<string, SecretGrouping>();

  constructor(index: SecretIndex) {
    this.#index = index;
  }

  /** @param keys condition keys whose values differ between secrets */
  by(keys: readonly string[]): SecretGrouping {
    const name = keys.join(' ');
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const numbers = new Map<string, number>();
    const examples: KnownSecret[] = [];
    const groupOf = this.#index.all.map((secret) => {
      const context = secretContext(secret.arn, secret.listed, NOTHING);
      const values = JSON.stringify(keys.map((key) => context.get(key)));
      const group = numbers.get(values) ?? examples.length;
      if (group === examples.length) examples.push(secret);
      numbers.set(values, group);
      return group;
    });
    const made = { groupOf, examples };
    this.#known.set(name, made);
    return made;
  }
}
