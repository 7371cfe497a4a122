/** The quotas of IAM on the size of policies (IAM User Guide, reference_iam-quotas), and policies split by them. */
import type { PolicyDocument } from '../iam/policy-document.ts';

/** Characters of a managed policy, without white space. */
export const MOST_MANAGED = 6144;
/** Characters of all inline policies of a role together, without white space. */
export const MOST_INLINE = 10_240;
/** Characters of a role's trust policy, by default. */
export const MOST_TRUST = 2048;
/** Characters of the resource policy of a secret (Secrets Manager User Guide, reference_limits). */
export const MOST_RESOURCE = 20_480;
/** Managed policies that can be attached to a role, by default. */
export const MOST_ATTACHED = 10;

/** The size of a policy as IAM counts it. */
export function policySize(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}

/**
 * Splits what a policy allows over as few policies as the order of the parts allows. A part that is too large alone gets
 * a policy of its own.
 * @param parts what cannot be split, such as one secret
 * @param build makes the policy of some parts; more parts never make it smaller
 */
export function splitPolicy<T>(
  parts: readonly T[],
  build: (parts: readonly T[]) => PolicyDocument,
  most = MOST_MANAGED,
): readonly PolicyDocument[] {
  const policies: PolicyDocument[] = [];
  for (let from = 0; from < parts.length; ) {
    let fits = from + 1;
    let tooFar = parts.length + 1;
    while (tooFar - fits > 1) {
      const middle = Math.floor((fits + tooFar) / 2);
      if (policySize(build(parts.slice(from, middle))) <= most) fits = middle;
      else tooFar = middle;
    }
    policies.push(build(parts.slice(from, fits)));
    from = fits;
  }
  return policies;
}
