/** Finds the resource policy of a secret. */
import type { Policy } from '../../iam/read-policy.ts';
import { parseArn, type SecretArn } from '../../names/arn.ts';
import type { SecretPolicy } from './decision.ts';
import type { KnownSecret, SecretIndex } from './secret-index.ts';

export interface GivenPolicy {
  readonly arn: SecretArn;
  /** Undefined if it cannot be read. */
  readonly policy: Policy | undefined;
}

export class ResourcePolicies {
  readonly given: readonly GivenPolicy[];
  readonly #areKnown: boolean;
  readonly #byNumber = new Map<number, SecretPolicy>();
  readonly #byName = new Map<string, SecretPolicy>();

  /** @param policies by the ARN of the secret; undefined if none were given */
  constructor(policies: ReadonlyMap<string, Policy | undefined> | undefined, index: SecretIndex) {
    this.#areKnown = policies !== undefined;
    this.given = [...(policies ?? [])].flatMap(([text, policy]) => {
      const arn = parseArn(text, '');
      return arn.ok ? [{ arn: arn.value, policy }] : [];
    });
    for (const { arn, policy } of this.given) {
      const number = index.find(arn);
      if (number !== undefined) add(this.#byNumber, number, policy);
      add(this.#byName, nameKey(arn), policy);
    }
  }

  /** AWS copies the policy of a secret to its replicas. */
  of(number: number, { arn, listed }: KnownSecret, isReplica: boolean): SecretPolicy {
    const own = this.#byNumber.get(number);
    if (own !== undefined) return own;
    const copied = isReplica || listed?.isReplica === true ? this.#byName.get(nameKey(arn)) : undefined;
    return copied ?? (this.#areKnown ? 'none' : 'unknown');
  }
}

/** Policies that name a secret by its complete and by its partial ARN belong to one secret. */
function add<K>(known: Map<K, SecretPolicy>, key: K, policy: Policy | undefined): void {
  const other = known.get(key);
  if (policy === undefined || other === 'unknown') known.set(key, 'unknown');
  else if (other === undefined || other === 'none') known.set(key, policy);
  else known.set(key, { ...policy, statements: [...other.statements, ...policy.statements] });
}

function nameKey({ account, name }: SecretArn): string {
  return `${account} ${name}`;
}
