import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import type { RotationRequest, StandIn } from '../../aws-fake/index.ts';
import { moveCurrent, simpleRotator } from '../../rotation/simple-rotator.ts';
import { DB_ARN, getValue, sdkClient, startAccount } from './account.ts';

const LAMBDA = 'arn:aws:lambda:eu-west-1:111122223333:function:rotate-db';

/** The rotation events and label moves, in order. */
const eventsOf = (aws: StandIn) =>
  aws.events
    .filter((event) => event['detail-type'] !== 'AWS API Call via CloudTrail')
    .map(({ detail }) => detail['eventName'] ?? `${detail['labelUpdated']} moved`);

const rotate = (client: SecretsManagerClient, more: object = {}) =>
  client.send(new RotateSecretCommand({ SecretId: DB_ARN, RotationLambdaARN: LAMBDA, ...more }));

describe('RotateSecret', () => {
  test('calls the four steps in order, and moves AWSCURRENT and AWSPREVIOUS', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    const seen: RotationRequest[] = [];
    aws.putRotator(LAMBDA, simpleRotator(client, seen));
    const before = await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(before.RotationEnabled).toBeUndefined();
    const [former = ''] = Object.keys(before.VersionIdsToStages ?? {});

    const { VersionId = '' } = await rotate(client, { RotationRules: { AutomaticallyAfterDays: 30 } });
    await aws.rotationsSettled();

    expect(seen.map(({ Step }) => Step)).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
    expect(new Set(seen.map(({ SecretId }) => SecretId))).toEqual(new Set([DB_ARN]));
    expect(new Set(seen.map(({ ClientRequestToken }) => ClientRequestToken))).toEqual(new Set([VersionId]));
    const after = await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(after.VersionIdsToStages).toEqual({
      [former]: ['AWSPREVIOUS'],
      [VersionId]: ['AWSPENDING', 'AWSCURRENT'],
    });
    expect(after).toMatchObject({
      RotationEnabled: true,
      RotationLambdaARN: LAMBDA,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
    expect(after.NextRotationDate?.getTime()).toBe((after.LastRotatedDate?.getTime() ?? 0) + 30 * 86_400_000);
    expect(eventsOf(aws)).toEqual(['RotationStarted', 'AWSCURRENT moved', 'RotationSucceeded']);
  });

  test('announces the new version before it has a value', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    const blocked = Promise.withResolvers<void>();
    aws.putRotator(LAMBDA, () => blocked.promise);
    const { VersionId = '' } = await rotate(client);
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(VersionIdsToStages?.[VersionId]).toEqual(['AWSPENDING']);
    await expect(getValue(client, DB_ARN, { VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    blocked.resolve();
    await aws.rotationsSettled();
  });

  test('a failed step leaves AWSPENDING, blocks the next rotation, and can be tried again', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    const works = simpleRotator(client);
    let down = true;
    aws.putRotator(LAMBDA, async (request) => {
      if (request.Step === 'setSecret' && down) throw new Error('database down');
      if (request.Step !== 'createSecret' || down) await works(request);
    });
    const { VersionId = '' } = await rotate(client);
    await aws.rotationsSettled();
    expect(eventsOf(aws)).toEqual(['RotationStarted', 'RotationFailed']);
    await expect(rotate(client)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "A previous rotation isn't complete. That rotation will be reattempted.",
    });
    down = false;
    aws.reattemptRotation(DB_ARN);
    await aws.rotationsSettled();
    expect((await getValue(client, DB_ARN)).VersionId).toBe(VersionId);
    await expect(rotate(client)).resolves.toBeDefined();
    await aws.rotationsSettled();
  });

  test('a rotator that never moves AWSCURRENT has failed', async () => {
    const aws = await startAccount();
    aws.putRotator(LAMBDA, () => Promise.resolve());
    await rotate(sdkClient(aws));
    await aws.rotationsSettled();
    expect(eventsOf(aws)).toEqual(['RotationStarted', 'RotationFailed']);
  });

  test('a value from elsewhere abandons the rotation', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    const blocked = Promise.withResolvers<void>();
    aws.putRotator(LAMBDA, () => blocked.promise);
    const { VersionId = '' } = await rotate(client);
    await client.send(new PutSecretValueCommand({ SecretId: DB_ARN, SecretString: 'by hand' }));
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(Object.keys(VersionIdsToStages)).not.toContain(VersionId);
    expect(eventsOf(aws)).toEqual(['RotationStarted', 'RotationAbandoned', 'AWSCURRENT moved']);
    blocked.resolve();
    await aws.rotationsSettled();
    await moveCurrent(client, DB_ARN, Object.keys(VersionIdsToStages)[0] ?? '');
  });

  test('tests the configuration only, if it does not rotate immediately', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    const seen: RotationRequest[] = [];
    aws.putRotator(LAMBDA, simpleRotator(client, seen));
    await rotate(client, { RotateImmediately: false });
    await aws.rotationsSettled();
    expect(seen.map(({ Step }) => Step)).toEqual(['testSecret']);
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(Object.values(VersionIdsToStages)).toEqual([['AWSCURRENT']]);
  });

  test('needs a function that exists', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    await expect(client.send(new RotateSecretCommand({ SecretId: DB_ARN }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'No Lambda rotation function ARN is associated with this secret.',
    });
    await expect(rotate(client)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(client.send(new CancelRotateSecretCommand({ SecretId: DB_ARN }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    aws.putRotator(LAMBDA, simpleRotator(client));
    await rotate(client);
    await aws.rotationsSettled();
    await client.send(new CancelRotateSecretCommand({ SecretId: DB_ARN }));
    const { RotationEnabled } = await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(RotationEnabled).toBe(false);
  });
});
