/** The requests that the stand-in understands, and the service that each belongs to. */
export const SECRETS_OPERATIONS = ['GetSecretValue', 'BatchGetSecretValue', 'DescribeSecret'] as const;

export type SecretsOperation = (typeof SECRETS_OPERATIONS)[number];
export type Operation = SecretsOperation | 'AssumeRoleWithWebIdentity';
export type Service = 'sts' | 'secretsmanager';

/** The operation of Secrets Manager with this name, if the stand-in has it. */
export function secretsOperation(name: string): SecretsOperation | undefined {
  return SECRETS_OPERATIONS.find((operation) => operation === name);
}
