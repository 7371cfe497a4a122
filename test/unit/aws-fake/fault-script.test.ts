import { BatchGetSecretValueCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import {
  assumeRole,
  DB_ARN,
  element,
  failure,
  getValue,
  REGION,
  sdkClient,
  startAccount,
} from './account.ts';

const SECOND_ARN = DB_ARN.replace('db', 'cache');

describe('queued faults', () => {
  test('apply in order, each the given number of times', async () => {
    const aws = await startAccount();
    aws.script('GetSecretValue', { kind: 'throttle', times: 2 }, { kind: 'serverError' });
    aws.script('*', { kind: 'notFound', times: 'forever' });
    const names = [];
    for (let index = 0; index < 5; index++) names.push((await failure(aws)).name);
    expect(names).toEqual([
      'ThrottlingException',
      'ThrottlingException',
      'InternalServiceError',
      'ResourceNotFoundException',
      'ResourceNotFoundException',
    ]);
  });

  test('no longer apply after their signal aborts', async () => {
    const aws = await startAccount();
    const back = new AbortController();
    aws.script('GetSecretValue', { kind: 'throttle', times: 'forever', until: back.signal });
    expect((await failure(aws)).name).toBe('ThrottlingException');
    back.abort();
    await getValue(sdkClient(aws), DB_ARN);
  });

  test('apply to matching requests, by operation, secret and Region', async () => {
    const aws = await startAccount();
    aws.putSecret({ arn: SECOND_ARN, value: 'second' });
    const client = sdkClient(aws);
    aws.script('DescribeSecret', { kind: 'denied' });
    aws.script(
      'GetSecretValue',
      { kind: 'denied', secretId: SECOND_ARN },
      { kind: 'denied', region: 'us-east-1' },
    );
    aws.script('*', { kind: 'idpCommunicationError' });
    await getValue(client, DB_ARN);
    expect(aws.pendingFaults).toHaveLength(4);
    await expect(getValue(client, SECOND_ARN)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await getValue(client, SECOND_ARN);
    await expect(client.send(new DescribeSecretCommand({ SecretId: DB_ARN }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('secretsmanager:DescribeSecret'),
    });
    await expect(getValue(sdkClient(aws, { region: 'us-east-1' }), 'x')).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect(element((await assumeRole(aws)).body, 'Code')).toBe('IDPCommunicationError');
    expect(aws.pendingFaults).toEqual([]);
  });

  test('apply to one secret of a batch, or to the whole batch', async () => {
    const aws = await startAccount();
    aws.putSecret({ arn: SECOND_ARN, value: 'second' });
    const client = sdkClient(aws);
    const batch = () => client.send(new BatchGetSecretValueCommand({ SecretIdList: [DB_ARN, SECOND_ARN] }));
    aws.script('BatchGetSecretValue', { kind: 'kmsDenied', secretId: SECOND_ARN }, { kind: 'throttle' });
    const partial = await batch();
    expect(partial.SecretValues).toMatchObject([{ ARN: DB_ARN }]);
    expect(partial.Errors).toMatchObject([
      { SecretId: SECOND_ARN, ErrorCode: 'AccessDeniedException', Message: /KMS/ },
    ]);
    await expect(batch()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect((await batch()).SecretValues).toHaveLength(2);
  });

  test('are cleared by reset, like the log', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'serverError', times: 'forever' });
    await failure(aws);
    aws.reset();
    expect([aws.requests, aws.pendingFaults]).toEqual([[], []]);
    await getValue(sdkClient(aws, { region: REGION }), DB_ARN);
  });
});
