import { randomBytes } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { RotationRequest, Rotator } from '../aws-fake/index.ts';

/**
 * A rotation function with the steps of AWS's templates, for a secret that nothing else knows.
 * @param seen receives every request
 * @param makeValue makes the value of a new version
 */
export function simpleRotator(
  client: SecretsManagerClient,
  seen: RotationRequest[] = [],
  makeValue: () => string = () => randomBytes(12).toString('hex'),
): Rotator {
  return async (request) => {
    seen.push(request);
    const { Step, SecretId, ClientRequestToken } = request;
    if (Step === 'createSecret') {
      const SecretString = makeValue();
      await client.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          SecretString,
          VersionStages: ['AWSPENDING'],
        }),
      );
    } else if (Step === 'testSecret') {
      const pending = { SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' };
      await client.send(new GetSecretValueCommand(pending));
    } else if (Step === 'finishSecret') await moveCurrent(client, SecretId, ClientRequestToken);
  };
}

/** Makes a version the current one, as the last step of a rotation does. */
export async function moveCurrent(
  client: SecretsManagerClient,
  SecretId: string,
  MoveToVersionId: string,
): Promise<void> {
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const current = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'));
  const RemoveFromVersionId = current?.[0];
  await client.send(
    new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId,
      ...(RemoveFromVersionId !== undefined && { RemoveFromVersionId }),
    }),
  );
}
