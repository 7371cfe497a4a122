import { AwsError } from './aws-error.ts';
import type { SecretsOperation } from './operations.ts';
import { jsonReply, type Reply } from './reply.ts';
import { accountOf, allows, assumedRoleArn, type Role } from './roles.ts';
import type { Secret, SecretStore, Version } from './secrets.ts';
import type { SecretsInput } from './secrets-input.ts';

/** The caller, the Region, and the queued fault for a secret. */
export interface Caller {
  readonly role: Role;
  readonly sessionName: string;
  readonly region: string;
  readonly store: SecretStore;
  /** Throws if a fault is queued for this secret. */
  readonly trouble: (secretId: string, action: string) => void;
}

/** Responds to an authenticated Secrets Manager request. */
export function answerSecrets(operation: SecretsOperation, input: SecretsInput, caller: Caller): Reply {
  if (operation === 'BatchGetSecretValue') return jsonReply(200, batch(input.secretIds ?? [], caller));
  const id = input.secretId ?? '';
  if (operation === 'GetSecretValue') return jsonReply(200, readValue(id, input, caller));
  return jsonReply(200, describe(id, caller));
}

/** The access denied error of IAM for a policy that does not mention the action. */
export function deniedError(
  caller: Pick<Caller, 'role' | 'sessionName'>,
  action: string,
  resource?: string,
  policy = 'identity-based',
): AwsError {
  const user = assumedRoleArn(caller.role.arn, caller.sessionName);
  const on = resource === undefined ? '' : ` on resource: ${resource}`;
  return new AwsError(
    'AccessDeniedException',
    `User: ${user} is not authorized to perform: ${action}${on} because no ${policy} policy allows the ${action} action`,
  );
}

/** Finds a secret that the caller may use. IAM decides first, so a role without permission cannot probe for secrets. */
function authorized(id: string, action: string, caller: Caller): Secret {
  caller.trouble(id, action);
  const account = accountOf(caller.role.arn);
  const secret = caller.store.find(id, caller.region, account);
  const resource = secret?.arn ?? id;
  if (!allows(caller.role, action, resource)) throw deniedError(caller, action, resource);
  if (secret === undefined) throw notFound();
  if (secret.account !== account && !secret.sharedWith.includes(caller.role.arn)) {
    throw deniedError(caller, action, resource, 'resource-based');
  }
  return secret;
}

function notFound(what = ''): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret${what || '.'}`,
  );
}

function readValue(id: string, wanted: Pick<SecretsInput, 'versionId' | 'versionStage'>, caller: Caller) {
  const secret = authorized(id, 'secretsmanager:GetSecretValue', caller);
  if (secret.deletedDate !== undefined) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
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

function describe(id: string, caller: Caller) {
  const secret = authorized(id, 'secretsmanager:DescribeSecret', caller);
  const labelled = secret.versions.filter(({ stages }) => stages.length > 0);
  const changed = Math.max(secret.createdAt, ...secret.versions.map(({ createdAt }) => createdAt));
  return {
    ARN: secret.arn,
    Name: secret.name,
    CreatedDate: secret.createdAt / 1000,
    LastChangedDate: changed / 1000,
    ...(secret.deletedDate && { DeletedDate: secret.deletedDate.getTime() / 1000 }),
    VersionIdsToStages: Object.fromEntries(labelled.map(({ id: version, stages }) => [version, stages])),
  };
}
