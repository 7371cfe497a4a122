/** The operations that the fake supports, and their services. */
export const SECRETS_OPERATIONS = [
  'GetSecretValue',
  'BatchGetSecretValue',
  'DescribeSecret',
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'RotateSecret',
  'CancelRotateSecret',
] as const;

export type SecretsOperation = (typeof SECRETS_OPERATIONS)[number];
export const STS_OPERATIONS = ['AssumeRoleWithWebIdentity', 'AssumeRole'] as const;

export type StsOperation = (typeof STS_OPERATIONS)[number];
export const SQS_OPERATIONS = [
  'SendMessage',
  'ReceiveMessage',
  'DeleteMessage',
  'DeleteMessageBatch',
  'ChangeMessageVisibility',
  'GetQueueAttributes',
  'GetQueueUrl',
] as const;

export type SqsOperation = (typeof SQS_OPERATIONS)[number];
export type Operation = SecretsOperation | StsOperation | SqsOperation;
export type Service = 'sts' | 'secretsmanager' | 'sqs';

/** The Secrets Manager operation with this name, if the fake supports it. */
export function secretsOperation(name: string): SecretsOperation | undefined {
  return SECRETS_OPERATIONS.find((operation) => operation === name);
}

/** The SQS operation with this name, if the fake supports it. */
export function sqsOperation(name: string): SqsOperation | undefined {
  return SQS_OPERATIONS.find((operation) => operation === name);
}
