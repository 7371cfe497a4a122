import { describe, expect, test } from 'vitest';
import {
  assumeRole,
  DB_ARN,
  element,
  getValue,
  OTHER_ROLE_ARN,
  ROLE_ARN,
  sdkClient,
  send,
  startAccount,
  stsError,
  tokenOf,
} from './account.ts';

test('responds with XML, and the credentials work', async () => {
  const aws = await startAccount({ now: () => Date.UTC(2030, 0, 1, 12) });
  const answer = await assumeRole(aws, { DurationSeconds: '900' });

  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/xml');
  expect(answer.body).toMatch(
    /^<AssumeRoleWithWebIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">/,
  );
  expect(element(answer.body, 'Expiration')).toBe('2030-01-01T12:15:00Z');
  expect(element(answer.body, 'Arn')).toBe('arn:aws:sts::111122223333:assumed-role/shop/shop.web');
  expect(element(answer.body, 'AssumedRoleId')).toMatch(/^AROA[A-Z2-7]{16}:shop\.web$/);
  expect(element(answer.body, 'SubjectFromWebIdentityToken')).toBe('system:serviceaccount:shop:web');
  expect(element(answer.body, 'Audience')).toBe('sts.amazonaws.com');
  expect(element(answer.body, 'Provider')).toMatch(/^arn:aws:iam::111122223333:oidc-provider\/oidc\./);
  expect(element(answer.body, 'RequestId')).toBe(answer.headers['x-amzn-requestid']);
  expect(element(answer.body, 'AccessKeyId')).toMatch(/^ASIA[A-Z2-7]{16}$/);
  expect(aws.requests[0]).toMatchObject({
    operation: 'AssumeRoleWithWebIdentity',
    durationSeconds: 900,
    region: undefined,
  });
});

test('the credentials can read the secret', async () => {
  const aws = await startAccount();
  const { body } = await assumeRole(aws);
  const credentials = {
    accessKeyId: element(body, 'AccessKeyId') ?? '',
    secretAccessKey: element(body, 'SecretAccessKey') ?? '',
    sessionToken: element(body, 'SessionToken') ?? '',
  };
  expect((await getValue(sdkClient(aws, { credentials }), DB_ARN)).ARN).toBe(DB_ARN);
});

test('parameters may come in the query string', async () => {
  const aws = await startAccount();
  const query = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: ROLE_ARN,
    RoleSessionName: 'shop.web',
    WebIdentityToken: await tokenOf(aws),
  });
  expect((await send(aws, {}, '', `/?${query}`, 'GET')).status).toBe(200);
});

describe('roles', () => {
  test('may require another audience, and then reject the usual one', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, subjects: ['*'], audience: 'vault', allow: [] });
    expect(
      (await assumeRole(aws, { WebIdentityToken: await tokenOf(aws, { audience: 'vault' }) })).status,
    ).toBe(200);
    expect(stsError(await assumeRole(aws))).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  test('that do not exist are denied like roles that do not trust the subject', async () => {
    const aws = await startAccount();
    expect(stsError(await assumeRole(aws, { RoleArn: OTHER_ROLE_ARN }))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    });
  });

  test('of an account without the provider are InvalidIdentityToken', async () => {
    const aws = await startAccount();
    const RoleArn = ROLE_ARN.replace('111122223333', '999999999999');
    expect(stsError(await assumeRole(aws, { RoleArn }))).toMatchObject({
      code: 'InvalidIdentityToken',
      message: `No OpenIDConnect provider found in your account for ${aws.issuer}`,
    });
  });

  test('limit the duration of sessions', async () => {
    const aws = await startAccount();
    expect(stsError(await assumeRole(aws, { DurationSeconds: '3601' }))).toMatchObject({
      status: 400,
      code: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
  });
});
