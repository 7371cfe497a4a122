/** Versions of secrets, each listed once in the order of first mention. */
import type { PlanSecret } from '../plan/plan.ts';
import type { Reference } from './reference.ts';

export class SecretTable {
  readonly list: PlanSecret[] = [];
  readonly #byIdentity = new Map<string, number>();

  /** The index of the version that a reference names, which is listed if it is not yet. */
  indexOf({ arn, stage, versionId }: Omit<Reference, 'key'>): number {
    const identity = `${arn.text}\n${stage ?? ''}\n${versionId ?? ''}`;
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) return known;
    this.#byIdentity.set(identity, this.list.length);
    this.list.push({
      arn: arn.text,
      ...(stage === undefined ? {} : { stage }),
      ...(versionId === undefined ? {} : { versionId }),
    });
    return this.list.length - 1;
  }
}
