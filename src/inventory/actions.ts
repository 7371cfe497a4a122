/** The calls of an inventory, and so the permissions that it needs. docs/guides/audit.md lists them. */
export const INVENTORY_ACTIONS = {
  roles: 'iam:GetAccountAuthorizationDetails',
  secrets: 'secretsmanager:ListSecrets',
  resourcePolicies: 'secretsmanager:GetResourcePolicy',
} as const;
