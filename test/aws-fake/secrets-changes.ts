/** The operations of Secrets Manager that change a secret. */
import { AwsError } from './aws-error.ts';
import { apiCall } from './events.ts';
import { accountOf } from './roles.ts';
import type { Secret } from './secret.ts';
import { authorized, type Caller, markedForDeletion } from './secrets-access.ts';
import type { SecretsInput } from './secrets-input.ts';
import { moveLabel, putValue } from './version-operations.ts';

export type Change = 'PutSecretValue' | 'UpdateSecretVersionStage' | 'RotateSecret' | 'CancelRotateSecret';

/** Changes a secret. CloudTrail reports the call, whether it fails or not. */
export function changeSecret(operation: Change, input: SecretsInput, caller: Caller) {
  const id = input.secretId ?? '';
  const report = (error?: AwsError) => {
    const secret = caller.store.find(id, caller.region, accountOf(caller.role.arn));
    if (secret === undefined) return;
    const { role, sessionName } = caller;
    const requestParameters = reported(input);
    caller.events.publish(
      apiCall(secret, { operation, role, sessionName, requestParameters, ...(error && { error }) }),
    );
  };
  try {
    const secret = authorized(id, `secretsmanager:${operation}`, caller);
    if (secret.deletedDate !== undefined) throw markedForDeletion();
    const output = apply(operation, secret, input, caller);
    report();
    return { ARN: secret.arn, Name: secret.name, ...output };
  } catch (error) {
    if (error instanceof AwsError) report(error);
    throw error;
  }
}

function apply(operation: Change, secret: Secret, input: SecretsInput, caller: Caller) {
  switch (operation) {
    case 'PutSecretValue': {
      const id = tokenOf(input);
      const value = newValue(input);
      const stages = input.versionStages;
      const version = putValue(secret, { id, value, ...(stages && { stages }) }, caller.events, caller.now());
      return { VersionId: version.id, VersionStages: version.stages };
    }
    case 'UpdateSecretVersionStage':
      moveLabel(
        secret,
        { label: input.versionStage ?? '', from: input.removeFromVersionId, to: input.moveToVersionId },
        caller.now(),
      );
      return {};
    case 'RotateSecret': {
      const VersionId = caller.rotations.rotate(secret, {
        token: tokenOf(input),
        lambdaArn: input.rotationLambdaArn,
        rules: input.rotationRules,
        immediately: input.rotateImmediately ?? true,
      });
      return { VersionId };
    }
    case 'CancelRotateSecret':
      caller.rotations.cancel(secret);
      return {};
  }
}

/** What CloudTrail shows of a request: never a value. */
function reported(input: SecretsInput) {
  const members = {
    secretId: input.secretId,
    clientRequestToken: input.token,
    versionStages: input.versionStages,
    versionStage: input.versionStage,
    removeFromVersionId: input.removeFromVersionId,
    moveToVersionId: input.moveToVersionId,
    rotationLambdaARN: input.rotationLambdaArn,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function tokenOf({ token }: SecretsInput): string {
  if (token !== undefined) return token;
  throw new AwsError(
    'InvalidRequestException',
    'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
  );
}

function newValue({ secretString, secretBinary }: SecretsInput): string | Uint8Array {
  if (secretString !== undefined && secretBinary !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  const value = secretString ?? secretBinary;
  if (value !== undefined) return value;
  throw new AwsError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
}
