/**
 * The rules of the audit: docs/reference/audit.md is generated from this table. Codes are never renamed or reused, because
 * pipelines ignore findings by their code.
 */

export type AuditLevel = 'error' | 'warning' | 'note';

export interface AuditRule {
  readonly level: AuditLevel;
  /** One sentence. */
  readonly meaning: string;
  /** What to do. */
  readonly action: string;
  /** Whether the audit could not decide: neither an error nor fine. */
  readonly isUndecided?: true;
}

export const AUDIT_RULES = {
  'used-not-granted': {
    level: 'error',
    meaning: 'A workload requests a secret that its role may not read.',
    action:
      'Add the statement that `iam-policy` prints for the workload, remove the `Deny` that the message names, or remove the request.',
  },
  'secret-missing': {
    level: 'error',
    meaning: 'A workload requests a secret that the listing of its account and Region does not contain.',
    action: 'Create the secret, or correct the ARN in the annotation.',
  },
  'secret-deleted': {
    level: 'error',
    meaning: 'A workload requests a secret that is scheduled for deletion, so that new pods do not start.',
    action:
      'Restore the secret with `aws secretsmanager restore-secret`, or remove the request from the workload.',
  },
  'role-missing': {
    level: 'error',
    meaning: 'A workload signs in to a role that does not exist in the account.',
    action: 'Create the role, or correct the annotation that names it.',
  },
  'sign-in-not-trusted': {
    level: 'error',
    meaning: 'The trust policy of a role does not let a service account in that signs in to it.',
    action: 'Add the statement that `iam-policy --trust` prints to the trust policy of the role.',
  },
  'trust-everyone': {
    level: 'error',
    meaning: 'The trust policy of a role lets every AWS account in.',
    action: 'Name the principals that need the role.',
  },
  'trust-no-subject': {
    level: 'error',
    meaning:
      'The trust policy of a role does not compare the subject of tokens, so that every service account of the cluster can use the role.',
    action: 'Add a condition `StringEquals` with the key `<issuer>:sub`.',
  },
  'secret-open-to-everyone': {
    level: 'error',
    meaning: 'The resource policy of a secret allows every AWS account.',
    action: 'Name the roles that need the secret as principals.',
  },
  'decrypt-not-granted': {
    level: 'warning',
    meaning:
      'The policies of a role do not allow `kms:Decrypt` with the customer managed key of a secret that its workloads request. The key policy, which the audit does not read, may allow it.',
    action: 'Pass the key to `iam-policy --kms-key`, and add the statement that it prints.',
  },
  'granted-unused': {
    level: 'warning',
    meaning: 'A role can read secrets that none of its workloads requests.',
    action: 'Replace the policies of the role with those that `iam-policy` prints.',
  },
  'role-unused': {
    level: 'warning',
    meaning:
      'A role that pods can use can read secrets, but none of the audited workloads signs in to it to read secrets.',
    action:
      'Delete the role, or remove its permissions for secrets, if no other cluster or program needs it.',
  },
  'wildcard-resource': {
    level: 'warning',
    meaning: 'A statement allows reading secrets whose ARN matches a pattern, including future secrets.',
    action:
      'List the secrets. In place of an unknown suffix, use `-??????`, which matches no secret with a longer name.',
  },
  'wildcard-action': {
    level: 'warning',
    meaning: 'A statement allows actions of Secrets Manager with a pattern, such as `secretsmanager:*`.',
    action: 'List the actions: pods need `GetSecretValue`, and with `refresh` also `DescribeSecret`.',
  },
  'allow-except': {
    level: 'warning',
    meaning:
      'A statement allows everything except what `NotAction` or `NotResource` lists, including secrets or actions that are added later.',
    action: 'Use `Action` and `Resource`.',
  },
  'action-unneeded': {
    level: 'note',
    meaning: 'A statement allows an action of Secrets Manager that no pod of the injector needs.',
    action: 'Remove the action, unless the application itself calls it.',
  },
  'role-shared': {
    level: 'warning',
    meaning:
      'Workloads that request different secrets share a role, so that each of them can read the secrets of the others.',
    action: 'Use a service account and a role for each of them.',
  },
  'trust-wildcard-subject': {
    level: 'warning',
    meaning: 'The trust policy of a role lets service accounts in by a pattern.',
    action: 'List the service accounts with `StringEquals`.',
  },
  'trust-no-audience': {
    level: 'warning',
    meaning:
      'The trust policy of a role does not compare the audience of tokens, so that tokens that were issued for other programs can be used to sign in.',
    action: 'Add a condition `StringEquals` with the key `<issuer>:aud`.',
  },
  'trust-other-subject': {
    level: 'warning',
    meaning: 'The trust policy of a role lets a service account in that none of its audited workloads uses.',
    action: 'Remove the service account from the trust policy.',
  },
  'trust-other-cluster': {
    level: 'warning',
    meaning: 'The trust policy of a role lets service accounts of another OIDC issuer or cluster in.',
    action: 'Remove the statement, or use a role for each cluster.',
  },
  'trust-other-principal': {
    level: 'warning',
    meaning:
      'The trust policy of a role lets principals in that are not service accounts, such as an account, a user, a service of AWS, or a role that no workload assumes it from.',
    action: 'Remove the principal, or use a role of its own for it.',
  },
  'trust-pod-identity-open': {
    level: 'warning',
    meaning:
      'The trust policy of a role lets every EKS Pod Identity association of the account in that names the role.',
    action:
      'Add conditions for the namespace, the service account and the cluster, as `iam-policy --trust pod-identity` prints them.',
  },
  'secret-open-to-account': {
    level: 'warning',
    meaning:
      'The resource policy of a secret allows principals of another account, or principals that only a condition limits, beyond the roles that request it.',
    action: 'Name only the roles that need the secret as principals.',
  },
  'rotation-overdue': {
    level: 'warning',
    meaning: 'A secret was not rotated when it was due.',
    action:
      'Look at the log of the rotation function, then run `aws secretsmanager rotate-secret`; see the guide about rotation.',
  },
  'version-stale': {
    level: 'warning',
    meaning: 'Running pods have a version of a secret that is no longer the one that they request.',
    action: 'Restart the workload, use `refresh`, or install the rollout controller.',
  },
  'rotation-off': {
    level: 'note',
    meaning: 'A secret has no rotation.',
    action: 'Turn rotation on, if the secret supports it.',
  },
  'secret-unreferenced': {
    level: 'note',
    meaning: 'No audited workload requests a secret.',
    action:
      'Delete the secret, unless another cluster or program uses it. The message says when it was last read.',
  },
  'access-undecided': {
    level: 'warning',
    meaning:
      'Whether a role may read a secret depends on something that the audit does not know, such as a condition or a policy that was not given.',
    action: 'Give the missing policy, or check the access with the policy simulator of IAM.',
    isUndecided: true,
  },
  'role-unknown': {
    level: 'warning',
    meaning: 'The role of a workload is not known, or its policies were not given.',
    action:
      'Include its ServiceAccount in the manifests, set `--role` for an EKS Pod Identity association, or give the policies of its account.',
    isUndecided: true,
  },
  'trust-undecided': {
    level: 'warning',
    meaning: 'Whom a statement of a trust policy lets in depends on something that the audit does not know.',
    action: 'Check the statement that the message names.',
    isUndecided: true,
  },
  'policy-undecided': {
    level: 'warning',
    meaning: 'A policy was not given, or cannot be read, so that its effect is not known.',
    action:
      'Give the policy. `aws iam get-account-authorization-details` without a filter contains those of AWS.',
    isUndecided: true,
  },
  'rotation-undecided': {
    level: 'note',
    meaning: 'A secret rotates, but its listing does not say when it is due.',
    action: 'Run `aws secretsmanager describe-secret`, and check `NextRotationDate`.',
    isUndecided: true,
  },
  'version-undecided': {
    level: 'note',
    meaning:
      'Whether running pods have the current version is not known, because the listing does not contain it.',
    action: 'Give a listing of the account and the Region of the secret.',
    isUndecided: true,
  },
} as const satisfies Readonly<Record<string, AuditRule>>;

export type AuditCode = keyof typeof AUDIT_RULES;

export const AUDIT_CODES = Object.keys(AUDIT_RULES) as readonly AuditCode[];

/** The rule of a code, without its literal types. */
export function ruleOf(code: AuditCode): AuditRule {
  return AUDIT_RULES[code];
}
