/** The operations that the fake supports, and their services. */
export const SECRETS_OPERATIONS = ['GetSecretValue', 'BatchGetSecretValue', 'DescribeSecret'] as const;

export type SecretsOperation = (typeof SECRETS_OPERATIONS)[number];
export type Operation = SecretsOperation | 'AssumeRoleWithWebIdentity';
export type Service = 'sts' | 'secretsmanager';

/** The Secrets Manager operation with this name, if the fake supports it. */
export function secretsOperation(name: string): SecretsOperation | undefined {
  return SECRETS_OPERATIONS.find((operation) => operation === name);
}
