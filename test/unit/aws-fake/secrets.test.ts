import { BatchGetSecretValueCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { DB_ARN, getValue, OTHER_ARN, OTHER_ROLE_ARN, ROLE_ARN, sdkClient, startAccount } from './account.ts';

const NOT_FOUND = {
  name: 'ResourceNotFoundException',
  message: "Secrets Manager can't find the specified secret.",
  $metadata: { httpStatusCode: 400 },
};
const EVERYTHING = { subjects: ['*'], allow: ['*'] };

describe('permissions', () => {
  test("a session of one role cannot read another's secret, and learns nothing of it", async () => {
    const aws = await startAccount();
    aws.putRole({ arn: OTHER_ROLE_ARN, subjects: ['*'], allow: [OTHER_ARN] });
    aws.putSecret({ arn: OTHER_ARN, value: 'theirs' });
    const missing = OTHER_ARN.replace('key', 'nothing');
    for (const arn of [OTHER_ARN, missing]) {
      await expect(getValue(sdkClient(aws), arn)).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: `User: arn:aws:sts::111122223333:assumed-role/shop/shop.web is not authorized to perform: secretsmanager:GetSecretValue on resource: ${arn} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
        $metadata: { httpStatusCode: 400 },
      });
    }
    const billing = sdkClient(aws, { credentials: aws.startSession(OTHER_ROLE_ARN) });
    expect((await getValue(billing, OTHER_ARN)).SecretString).toBe('theirs');
    await expect(getValue(billing, DB_ARN)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('six question marks allow any suffix, and no longer name', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, subjects: ['*'], allow: [DB_ARN.replace('AbCdEf', '??????')] });
    const longer = DB_ARN.replace('db-AbCdEf', 'db-replica-AbCdEf');
    aws.putSecret({ arn: longer, value: 'x' });
    expect((await getValue(sdkClient(aws), DB_ARN)).ARN).toBe(DB_ARN);
    await expect(getValue(sdkClient(aws), longer)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('a policy with only GetSecretValue allows neither batch nor describe', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, ...EVERYTHING, actions: ['secretsmanager:GetSecretValue'] });
    const client = sdkClient(aws);
    await getValue(client, DB_ARN);
    await expect(
      client.send(new BatchGetSecretValueCommand({ SecretIdList: [DB_ARN] })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: /to perform: secretsmanager:BatchGetSecretValue because/,
    });
    await expect(client.send(new DescribeSecretCommand({ SecretId: DB_ARN }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('another account must also share its secret, and the request needs the complete ARN', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, ...EVERYTHING });
    const arn = DB_ARN.replace('111122223333', '444455556666');
    const secret = aws.putSecret({ arn, value: 'foreign' });
    await expect(getValue(sdkClient(aws), arn)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: /because no resource-based policy allows/,
    });
    secret.update({ sharedWith: [ROLE_ARN] });
    expect((await getValue(sdkClient(aws), arn)).SecretString).toBe('foreign');
    await expect(getValue(sdkClient(aws), arn.slice(0, -7))).rejects.toMatchObject(NOT_FOUND);
  });

  test('a KMS key that the role may not use is AccessDeniedException as well', async () => {
    const aws = await startAccount();
    const secret = aws.putSecret({ arn: DB_ARN, value: 'x', kmsDenied: true });
    await expect(getValue(sdkClient(aws), DB_ARN)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: 'Access to KMS is not allowed',
    });
    await sdkClient(aws).send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    secret.update({ kmsDenied: false });
    await getValue(sdkClient(aws), DB_ARN);
  });
});

describe('secrets are found', () => {
  test('only in the Region of its ARN', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, ...EVERYTHING });
    const elsewhere = sdkClient(aws, { region: 'us-east-1' });
    await expect(getValue(elsewhere, DB_ARN)).rejects.toMatchObject(NOT_FOUND);
    await expect(getValue(elsewhere, 'prod/shop/db')).rejects.toMatchObject(NOT_FOUND);
    aws.putSecret({ arn: DB_ARN.replace('eu-west-1', 'us-east-1'), value: 'replica' });
    expect((await getValue(elsewhere, 'prod/shop/db')).SecretString).toBe('replica');
    expect(aws.requests.map(({ region, status }) => [region, status])).toEqual([
      ['us-east-1', 400],
      ['us-east-1', 400],
      ['us-east-1', 200],
    ]);
  });

  test('by name and by partial ARN in the same account', async () => {
    const aws = await startAccount();
    for (const id of ['prod/shop/db', DB_ARN.slice(0, -7)]) {
      expect((await getValue(sdkClient(aws), id)).ARN).toBe(DB_ARN);
    }
  });

  test('not by a name with its suffix', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, ...EVERYTHING });
    await expect(getValue(sdkClient(aws), 'prod/shop/db-AbCdEf')).rejects.toMatchObject(NOT_FOUND);
  });

  test('not by a partial ARN whose name ends like a suffix', async () => {
    const aws = await startAccount();
    const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/shop/my-secret-AbCdEf';
    aws.putSecret({ arn, value: 'x' });
    await expect(getValue(sdkClient(aws), arn.slice(0, -7))).rejects.toMatchObject(NOT_FOUND);
    expect((await getValue(sdkClient(aws), 'prod/shop/my-secret')).ARN).toBe(arn);
  });

  test('a secret with the same name replaces the old ARN, and partial ARNs find the new one', async () => {
    const aws = await startAccount();
    const again = DB_ARN.replace('AbCdEf', 'ZzZzZz');
    aws.putSecret({ arn: again, value: 'new' });
    await expect(getValue(sdkClient(aws), DB_ARN)).rejects.toMatchObject(NOT_FOUND);
    expect((await getValue(sdkClient(aws), DB_ARN.slice(0, -7))).ARN).toBe(again);
  });

  test('not after removal, and not readable while scheduled for deletion', async () => {
    const aws = await startAccount();
    const secret = aws.putSecret({ arn: DB_ARN, value: 'x', deletedDate: new Date('2030-01-01') });
    await expect(getValue(sdkClient(aws), DB_ARN)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: /marked for deletion/,
    });
    const described = await sdkClient(aws).send(new DescribeSecretCommand({ SecretId: DB_ARN }));
    expect(described.DeletedDate).toEqual(new Date('2030-01-01'));
    secret.update({ deletedDate: null });
    await getValue(sdkClient(aws), DB_ARN);
    secret.remove();
    await expect(getValue(sdkClient(aws), DB_ARN)).rejects.toMatchObject(NOT_FOUND);
  });
});

describe('a batch', () => {
  test('accepts up to 20 ids', async () => {
    const aws = await startAccount();
    const ids = (count: number) => Array.from({ length: count }, () => DB_ARN);
    const client = sdkClient(aws);
    const full = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ids(20) }));
    expect(full.SecretValues).toHaveLength(20);
    await expect(
      client.send(new BatchGetSecretValueCommand({ SecretIdList: ids(21) })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message:
        /at 'secretIdList' failed to satisfy constraint: Member must have length less than or equal to 20$/,
    });
    await expect(client.send(new BatchGetSecretValueCommand({}))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    expect(aws.requests[0]?.secretIds).toHaveLength(20);
  });
});
