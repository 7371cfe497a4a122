import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchGetSecretValueCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { fromTokenFile } from '@aws-sdk/credential-provider-web-identity';
import { expect, onTestFinished, test } from 'vitest';
import { DB_ARN, getValue, REGION, ROLE_ARN, sdkClient, startAccount } from './account.ts';

test('a pod signs in with its token and reads its secret through the real SDK', async () => {
  const aws = await startAccount();
  const folder = await mkdtemp(join(tmpdir(), 'aws-fake-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, await aws.issueToken({ namespace: 'shop', serviceAccount: 'web' }));

  const credentials = await fromTokenFile({
    webIdentityTokenFile: tokenFile,
    roleArn: ROLE_ARN,
    roleSessionName: 'shop.web',
    clientConfig: {
      region: REGION,
      endpoint: aws.url,
      requestHandler: { httpsAgent: new Agent({ ca: aws.caPem }) },
    },
  })();
  const value = await getValue(sdkClient(aws, { credentials }), DB_ARN);

  expect(credentials.expiration?.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
  expect(value).toMatchObject({
    ARN: DB_ARN,
    Name: 'prod/shop/db',
    SecretString: '{"username":"shop","password":"correct horse"}',
    VersionStages: ['AWSCURRENT'],
  });
  expect(value.SecretBinary).toBeUndefined();
  expect(aws.requests).toMatchObject([
    { operation: 'AssumeRoleWithWebIdentity', roleArn: ROLE_ARN, sessionName: 'shop.web', status: 200 },
    {
      operation: 'GetSecretValue',
      region: REGION,
      secretId: DB_ARN,
      roleArn: ROLE_ARN,
      sessionName: 'shop.web',
      status: 200,
    },
  ]);
  expect(JSON.stringify(aws.requests)).not.toContain('correct horse');
});

test('binary values are returned byte for byte', async () => {
  const aws = await startAccount();
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  aws.putSecret({ arn: DB_ARN, value: bytes });

  const value = await getValue(sdkClient(aws), DB_ARN);

  expect(value.SecretString).toBeUndefined();
  expect(Buffer.from(value.SecretBinary ?? []).equals(bytes)).toBe(true);
});

test('DescribeSecret returns versions and labels, but no value', async () => {
  const aws = await startAccount();
  const secret = aws.putSecret({ arn: DB_ARN, value: 'first' });
  const second = secret.putValue('second');

  const described = await sdkClient(aws).send(new DescribeSecretCommand({ SecretId: DB_ARN }));

  expect(described.ARN).toBe(DB_ARN);
  expect(described.VersionIdsToStages).toEqual({
    [secret.versions[0]?.id ?? '']: ['AWSPREVIOUS'],
    [second.id]: ['AWSCURRENT'],
  });
  expect(described.CreatedDate).toBeInstanceOf(Date);
});

test('a batch responds with 200, values and errors', async () => {
  const aws = await startAccount();
  const missing = DB_ARN.replace('db-AbCdEf', 'gone-AbCdEf');
  const denied = DB_ARN.replace('prod/shop', 'prod/other');

  const answer = await sdkClient(aws).send(
    new BatchGetSecretValueCommand({ SecretIdList: [DB_ARN, missing, denied] }),
  );

  expect(answer.$metadata.httpStatusCode).toBe(200);
  expect(answer.SecretValues).toMatchObject([{ ARN: DB_ARN }]);
  expect(answer.Errors).toMatchObject([
    { SecretId: missing, ErrorCode: 'ResourceNotFoundException' },
    { SecretId: denied, ErrorCode: 'AccessDeniedException' },
  ]);
});
