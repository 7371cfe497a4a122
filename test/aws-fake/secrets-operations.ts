import { AwsError } from './aws-error.ts';
import { describeSecret } from './describe-secret.ts';
import type { SecretsOperation } from './operations.ts';
import { jsonReply, type Reply } from './reply.ts';
import { accountOf, allows } from './roles.ts';
import type { Secret, Version } from './secret.ts';
import { authorized, type Caller, deniedError, markedForDeletion, notFound } from './secrets-access.ts';
import { changeSecret } from './secrets-changes.ts';
import type { SecretsInput } from './secrets-input.ts';

/** Responds to an authenticated Secrets Manager request. */
export function answerSecrets(operation: SecretsOperation, input: SecretsInput, caller: Caller): Reply {
  const id = input.secretId ?? '';
  switch (operation) {
    case 'BatchGetSecretValue':
      return jsonReply(200, batch(input.secretIds ?? [], caller));
    case 'GetSecretValue':
      return jsonReply(200, readValue(id, input, caller));
    case 'DescribeSecret':
      return jsonReply(200, describeSecret(authorized(id, 'secretsmanager:DescribeSecret', caller)));
    case 'PutSecretValue':
    case 'UpdateSecretVersionStage':
    case 'RotateSecret':
    case 'CancelRotateSecret':
      return jsonReply(200, changeSecret(operation, input, caller));
  }
}

function readValue(id: string, wanted: Pick<SecretsInput, 'versionId' | 'versionStage'>, caller: Caller) {
  const secret = authorized(id, 'secretsmanager:GetSecretValue', caller);
  if (secret.deletedDate !== undefined) {
    throw markedForDeletion();
  }
  const version = selectVersion(secret, wanted);
  if (secret.kmsDenied) throw new AwsError('AccessDeniedException', 'Access to KMS is not allowed');
  checkForeignKey(secret, caller);
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    ...(typeof version.value === 'string'
      ? { SecretString: version.value }
      : { SecretBinary: Buffer.from(version.value ?? []).toString('base64') }),
    VersionStages: version.stages,
    CreatedDate: version.createdAt / 1000,
  };
}

/** Another account needs a customer managed key whose policy allows its role. */
function checkForeignKey(secret: Secret, { role }: Caller): void {
  const shared = secret.keySharedWith;
  if (shared === undefined || secret.account === accountOf(role.arn)) return;
  if (shared === 'default') {
    throw new AwsError(
      'InvalidRequestException',
      "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
    );
  }
  if (!shared.includes(role.arn)) throw new AwsError('AccessDeniedException', 'Access to KMS is not allowed');
}

function selectVersion(
  secret: Secret,
  { versionId, versionStage }: Pick<SecretsInput, 'versionId' | 'versionStage'>,
): Version {
  if (versionId !== undefined) {
    const version = secret.versions.find(({ id }) => id === versionId);
    if (version?.value === undefined) throw notFound(` value for VersionId: ${versionId}`);
    if (versionStage !== undefined && !version.stages.includes(versionStage)) {
      throw new AwsError(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    return version;
  }
  const stage = versionStage ?? 'AWSCURRENT';
  const version = secret.versions.find(({ stages }) => stages.includes(stage));
  if (version?.value === undefined) throw notFound(` value for staging label: ${stage}`);
  return version;
}

function batch(ids: readonly string[], caller: Caller) {
  const action = 'secretsmanager:BatchGetSecretValue';
  // This action does not support resources: a policy that names a secret does not grant it.
  if (!allows(caller.role, action)) throw deniedError(caller, action);
  const values: unknown[] = [];
  const failures: unknown[] = [];
  for (const id of ids) {
    try {
      values.push(readValue(id, { versionId: undefined, versionStage: undefined }, caller));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failures.push({ SecretId: id, ErrorCode: error.code, Message: error.message });
    }
  }
  return { SecretValues: values, Errors: failures };
}
