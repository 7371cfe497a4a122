/** The policies that the pods of some manifests need, and where each of them belongs. */

import type { PolicyDocument } from '../iam/policy-document.ts';
import type { KeyStatements, Located, SecretPolicy } from './cross-account.ts';
import type { PermissionSettings } from './permission-policy.ts';
import type { TrustSettings } from './trust-policy.ts';

export interface AdviceSettings extends PermissionSettings {
  /** The account of roles that are not known; by default, that of the secrets. */
  readonly account: string | undefined;
  /** Undefined to leave out who may sign in. */
  readonly trust: TrustSettings | undefined;
}

/** The policies of one identity. */
export interface IdentityPolicies extends Located {
  readonly partition: string;
  /** Several if one would be larger than a managed policy may be. */
  readonly permissions: readonly PolicyDocument[];
  readonly trust: PolicyDocument | undefined;
}

export interface Advice {
  readonly identities: readonly IdentityPolicies[];
  readonly secrets: readonly SecretPolicy[];
  readonly keys: readonly KeyStatements[];
  /** What the policies leave out or assume, a line each. */
  readonly notes: readonly string[];
}
