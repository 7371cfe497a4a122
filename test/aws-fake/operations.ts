/** The operations that the fake supports, and their services. */
export const SECRETS_OPERATIONS = ['GetSecretValue', 'BatchGetSecretValue', 'DescribeSecret'] as const;

export type SecretsOperation = (typeof SECRETS_OPERATIONS)[number];
export const STS_OPERATIONS = ['AssumeRoleWithWebIdentity', 'AssumeRole'] as const;

export type StsOperation = (typeof STS_OPERATIONS)[number];
export type Operation = SecretsOperation | StsOperation;
export type Service = 'sts' | 'secretsmanager';

/** The Secrets Manager operation with this name, if the fake supports it. */
export function secretsOperation(name: string): SecretsOperation | undefined {
  return SECRETS_OPERATIONS.find((operation) => operation === name);
}
