import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  type PutSecretValueCommandInput,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../aws-fake/index.ts';
import { DB_ARN, getValue, ROLE_ARN, SHOP_ROLE, sdkClient, startAccount } from './account.ts';

/** Calls on one secret with two versions, `one` AWSPREVIOUS and `two` AWSCURRENT. */
async function twoVersions() {
  const aws = await startAccount();
  const secret = aws.putSecret({ arn: DB_ARN, value: 'one' });
  secret.putValue('two');
  const [one = '', two = ''] = secret.versions.map(({ id }) => id);
  const client = sdkClient(aws);
  return {
    aws,
    secret,
    client,
    one,
    two,
    put: (input: Omit<PutSecretValueCommandInput, 'SecretId'>) =>
      client.send(new PutSecretValueCommand({ SecretId: DB_ARN, ...input })),
    move: (input: Omit<UpdateSecretVersionStageCommandInput, 'SecretId'>) =>
      client.send(new UpdateSecretVersionStageCommand({ SecretId: DB_ARN, ...input })),
    labels: async () =>
      (await client.send(new DescribeSecretCommand({ SecretId: DB_ARN }))).VersionIdsToStages,
  };
}

describe('PutSecretValue', () => {
  test('moves AWSCURRENT and AWSPREVIOUS, and the version without labels disappears', async () => {
    const { put, labels, one, two, client, secret } = await twoVersions();
    const { VersionId = '', VersionStages } = await put({ SecretString: 'three' });
    expect(VersionStages).toEqual(['AWSCURRENT']);
    expect(await labels()).toEqual({ [two]: ['AWSPREVIOUS'], [VersionId]: ['AWSCURRENT'] });
    // AWS keeps a deprecated version for a while, and deletes it at any time.
    expect((await getValue(client, DB_ARN, { VersionId: one })).SecretString).toBe('one');
    secret.removeDeprecated();
    await expect(getValue(client, DB_ARN, { VersionId: one })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('with a token is idempotent, and cannot change a version', async () => {
    const { put, labels } = await twoVersions();
    const ClientRequestToken = randomUUID();
    const pending = { ClientRequestToken, VersionStages: ['AWSPENDING', 'MINE'] };
    expect(await put({ ...pending, SecretString: 'three' })).toMatchObject({
      VersionId: ClientRequestToken,
      VersionStages: ['AWSPENDING', 'MINE'],
    });
    const before = await labels();
    await put({ ClientRequestToken, SecretString: 'three' });
    expect(await labels()).toEqual(before);
    await expect(put({ ...pending, SecretString: 'four' })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
    await expect(put({ ...pending, SecretBinary: Buffer.from('three') })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });

  test('keeps bytes as bytes', async () => {
    const { put, client } = await twoVersions();
    await put({ SecretBinary: Uint8Array.of(0, 255) });
    expect((await getValue(client, DB_ARN)).SecretBinary).toEqual(Uint8Array.of(0, 255));
  });

  test.each([
    [{}, 'InvalidRequestException'],
    [{ SecretString: 'a', SecretBinary: Uint8Array.of(1) }, 'InvalidParameterException'],
    [{ SecretString: 'x'.repeat(65_537) }, 'ValidationException'],
    [{ SecretString: 'x', ClientRequestToken: 'short' }, 'ValidationException'],
    [{ SecretString: 'x', VersionStages: [] }, 'ValidationException'],
  ])('refuses %o', async (input, name) => {
    const { put } = await twoVersions();
    await expect(put(input)).rejects.toMatchObject({ name });
  });

  test('needs permission, and a secret that is not deleted', async () => {
    const { aws, put, secret } = await twoVersions();
    secret.update({ deletedDate: new Date() });
    await expect(put({ SecretString: 'x' })).rejects.toMatchObject({ name: 'InvalidRequestException' });
    aws.putRole({ ...SHOP_ROLE, actions: ['secretsmanager:GetSecretValue'] });
    await expect(put({ SecretString: 'x' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('UpdateSecretVersionStage', () => {
  test('moves AWSCURRENT back, and AWSPREVIOUS along', async () => {
    const { move, labels, one, two } = await twoVersions();
    await move({ VersionStage: 'AWSCURRENT', RemoveFromVersionId: two, MoveToVersionId: one });
    expect(await labels()).toEqual({ [one]: ['AWSCURRENT'], [two]: ['AWSPREVIOUS'] });
  });

  test('attaches and removes other labels', async () => {
    const { move, labels, one, two } = await twoVersions();
    await move({ VersionStage: 'BLUE', MoveToVersionId: one });
    expect(await labels()).toMatchObject({ [one]: ['AWSPREVIOUS', 'BLUE'] });
    await move({ VersionStage: 'BLUE', RemoveFromVersionId: one, MoveToVersionId: two });
    await move({ VersionStage: 'AWSPREVIOUS', RemoveFromVersionId: one });
    expect(await labels()).toEqual({ [two]: ['AWSCURRENT', 'BLUE'] });
  });

  test('refuses a move that does not name the holder of the label', async () => {
    const { move, one, two } = await twoVersions();
    await expect(move({ VersionStage: 'AWSCURRENT', MoveToVersionId: one })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${two}, so you must explicitly reference that version in RemoveFromVersionId.`,
    });
    for (const input of [
      { VersionStage: 'AWSCURRENT', RemoveFromVersionId: one, MoveToVersionId: two },
      { VersionStage: 'AWSCURRENT', RemoveFromVersionId: two },
      { VersionStage: 'AWSCURRENT' },
    ])
      await expect(move(input)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(
      move({ VersionStage: 'AWSCURRENT', RemoveFromVersionId: two, MoveToVersionId: '0'.repeat(32) }),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('events', () => {
  test('of a value: the moved label, with the version, and the call without the value', async () => {
    const { aws, put } = await twoVersions();
    aws.reset();
    const { VersionId } = await put({ SecretString: 'hunter2' });
    expect(aws.events).toMatchObject([
      {
        version: '0',
        'detail-type': 'Secret Label Updated',
        source: 'aws.secretsmanager',
        account: '111122223333',
        region: 'eu-west-1',
        resources: [DB_ARN],
        detail: { name: 'prod/shop/db', labelUpdated: 'AWSCURRENT', versionId: VersionId },
      },
      {
        'detail-type': 'AWS API Call via CloudTrail',
        resources: [],
        detail: {
          eventSource: 'secretsmanager.amazonaws.com',
          eventName: 'PutSecretValue',
          eventType: 'AwsApiCall',
          readOnly: false,
          requestParameters: { secretId: DB_ARN, clientRequestToken: VersionId },
          responseElements: { arn: DB_ARN },
          userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn: ROLE_ARN } } },
        },
      },
    ]);
    expect(aws.events[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(JSON.stringify(aws.events)).not.toContain('hunter2');
  });

  test('of a call that failed: its error, and no label', async () => {
    const { aws, move, one } = await twoVersions();
    aws.reset();
    await move({ VersionStage: 'AWSCURRENT', MoveToVersionId: one }).catch(() => undefined);
    expect(details(aws)).toMatchObject([
      {
        eventName: 'UpdateSecretVersionStage',
        errorCode: 'InvalidParameterException',
        responseElements: null,
      },
    ]);
  });

  test('reads, AWSPENDING and AWSPREVIOUS are not published', async () => {
    const { aws, client, secret } = await twoVersions();
    aws.reset();
    secret.putValue('three', ['AWSPENDING']);
    await getValue(client, DB_ARN);
    expect(aws.events).toEqual([]);
  });
});

const details = (aws: StandIn) => aws.events.map(({ detail }) => detail);
