import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../stand-in/index.ts';
import {
  assumeRole,
  DB_ARN,
  element,
  getValue,
  OTHER_ROLE_ARN,
  type RawAnswer,
  ROLE_ARN,
  sdkClient,
  send,
  startAccount,
} from './account.ts';

const outcome = (answer: RawAnswer) => ({
  status: answer.status,
  code: element(answer.body, 'Code'),
  message: element(answer.body, 'Message'),
});

const tokenOf = (aws: StandIn, claims: Partial<Parameters<StandIn['issueToken']>[0]> = {}) =>
  aws.issueToken({ namespace: 'shop', serviceAccount: 'web', ...claims });

test('answers in the XML of STS, and the credentials work', async () => {
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

test('credentials from the answer open the secret', async () => {
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

describe('tokens', () => {
  const cases: Record<
    string,
    { token: (aws: StandIn) => Promise<string> | string; status: number; code: string; message: RegExp }
  > = {
    'a trailing newline': {
      token: async (aws) => `${await tokenOf(aws)}\n`,
      status: 400,
      code: 'InvalidIdentityToken',
      message: /not a valid JWT/,
    },
    'no JWT': {
      token: () => 'nonsense',
      status: 400,
      code: 'InvalidIdentityToken',
      message: /not a valid JWT/,
    },
    'no JSON inside': {
      token: () => 'YQ.YQ.YQ',
      status: 400,
      code: 'InvalidIdentityToken',
      message: /not a valid JWT/,
    },
    'a changed signature': {
      token: async (aws) => {
        const [head, payload, signature = ''] = (await tokenOf(aws)).split('.');
        return [head, payload, [...signature].reverse().join('')].join('.');
      },
      status: 400,
      code: 'InvalidIdentityToken',
      message: /signature is invalid|could not be validated/,
    },
    'a key that the provider does not publish': {
      token: async (aws) => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT({
          iss: aws.issuer,
          sub: 'system:serviceaccount:shop:web',
          aud: 'sts.amazonaws.com',
        })
          .setProtectedHeader({ alg: 'RS256', kid: 'unknown' })
          .setExpirationTime('1h')
          .sign(privateKey);
      },
      status: 400,
      code: 'InvalidIdentityToken',
      message: /Couldn't retrieve verification key from your identity provider/,
    },
    'another issuer': {
      token: async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT({ iss: 'https://elsewhere.test' })
          .setProtectedHeader({ alg: 'RS256' })
          .sign(privateKey);
      },
      status: 400,
      code: 'InvalidIdentityToken',
      message: /^No OpenIDConnect provider found in your account for https:\/\/elsewhere\.test$/,
    },
    'an audience that no role asks for': {
      token: (aws) => tokenOf(aws, { audience: 'https://kubernetes.default.svc' }),
      status: 400,
      code: 'InvalidIdentityToken',
      message: /^Incorrect token audience$/,
    },
    'its time over': {
      token: (aws) => tokenOf(aws, { expiresInSeconds: -1 }),
      status: 400,
      code: 'ExpiredTokenException',
      message: /^Token expired: current date\/time \d{10} must be before the expiration date\/time \d{10}$/,
    },
    'a subject that the role does not trust': {
      token: (aws) => tokenOf(aws, { namespace: 'billing' }),
      status: 403,
      code: 'AccessDenied',
      message: /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/,
    },
  };
  for (const [name, { token, ...expected }] of Object.entries(cases)) {
    test(`${name} is ${expected.code}`, async () => {
      const aws = await startAccount();
      const answer = await assumeRole(aws, { WebIdentityToken: await token(aws) });
      expect(outcome(answer)).toEqual({ ...expected, message: expect.stringMatching(expected.message) });
      expect(element(answer.body, 'Type')).toBe('Sender');
      expect(element(answer.body, 'RequestId')).toMatch(/^[0-9a-f-]{36}$/);
      expect(aws.requests).toMatchObject([{ status: expected.status, errorCode: expected.code }]);
    });
  }
});

describe('roles', () => {
  test('may demand another audience, and then refuse the usual one', async () => {
    const aws = await startAccount();
    aws.putRole({ arn: ROLE_ARN, subjects: ['*'], audience: 'vault', allow: [] });
    expect(
      (await assumeRole(aws, { WebIdentityToken: await tokenOf(aws, { audience: 'vault' }) })).status,
    ).toBe(200);
    expect(outcome(await assumeRole(aws))).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  test('that do not exist are refused like those that do not trust', async () => {
    const aws = await startAccount();
    expect(outcome(await assumeRole(aws, { RoleArn: OTHER_ROLE_ARN }))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    });
  });

  test('of an account without the provider are InvalidIdentityToken', async () => {
    const aws = await startAccount();
    const RoleArn = ROLE_ARN.replace('111122223333', '999999999999');
    expect(outcome(await assumeRole(aws, { RoleArn }))).toMatchObject({
      code: 'InvalidIdentityToken',
      message: `No OpenIDConnect provider found in your account for ${aws.issuer}`,
    });
  });

  test('end sessions where they say', async () => {
    const aws = await startAccount();
    expect(outcome(await assumeRole(aws, { DurationSeconds: '3601' }))).toMatchObject({
      status: 400,
      code: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
  });
});

describe('parameters', () => {
  const cases: Record<
    string,
    { change: Record<string, string | undefined>; code?: string; message: RegExp }
  > = {
    'no session name': {
      change: { RoleSessionName: undefined },
      message: /^1 validation error detected: Value null at 'roleSessionName' .* not be null$/,
    },
    'a session name of one character': {
      change: { RoleSessionName: 'a' },
      message: /greater than or equal to 2$/,
    },
    'a session name of 65 characters': {
      change: { RoleSessionName: 'a'.repeat(65) },
      message: /less than or equal to 64$/,
    },
    'a session name with a colon': {
      change: { RoleSessionName: 'shop:web' },
      message: /regular expression pattern: \[\\w\+=,\.@-\]\*$/,
    },
    'fifteen minutes less a second': {
      change: { DurationSeconds: '899' },
      message: /^1 validation error detected: Value '899' at 'durationSeconds' .* 900$/,
    },
    'twelve hours and a second': {
      change: { DurationSeconds: '43201' },
      message: /less than or equal to 43200$/,
    },
    'a role that is no role': {
      change: { RoleArn: 'arn:aws:iam::111122223333:user/me' },
      message: /is invalid$/,
    },
    'a token too long': {
      change: { WebIdentityToken: 'x'.repeat(20_001) },
      message: /Value '\*\*\*' at 'webIdentityToken'/,
    },
    'two mistakes': {
      change: { RoleSessionName: 'a', RoleArn: 'x' },
      message: /^2 validation errors detected: .*; /,
    },
    'another version of the API': {
      change: { Version: '2010-01-01' },
      code: 'InvalidAction',
      message: /for version 2010-01-01$/,
    },
    'another action': {
      change: { Action: 'AssumeRole' },
      code: 'InvalidAction',
      message: /^Could not find operation AssumeRole for/,
    },
  };
  for (const [name, { change, code = 'ValidationError', message }] of Object.entries(cases)) {
    test(`${name} is ${code}`, async () => {
      const aws = await startAccount();
      const answer = outcome(await assumeRole(aws, change));
      expect(answer).toEqual({ status: 400, code, message: expect.stringMatching(message) });
    });
  }
});

describe('another issuer', () => {
  test('brings its own keys, elliptic ones included', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const key = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' };
    const aws = await startAccount({
      issuer: { issuer: 'https://cluster.test', jwks: () => ({ keys: [key] }) },
    });
    const WebIdentityToken = await new SignJWT({
      sub: 'system:serviceaccount:shop:web',
      aud: ['sts.amazonaws.com'],
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('https://cluster.test')
      .setExpirationTime('1h')
      .sign(privateKey);
    expect((await assumeRole(aws, { WebIdentityToken })).status).toBe(200);
    await expect(tokenOf(aws)).rejects.toThrow('the issuer that was given');
  });

  test('that cannot be reached is IDPCommunicationError', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const jwks = () => Promise.reject(new Error('unreachable'));
    const aws = await startAccount({ issuer: { issuer: 'https://cluster.test', jwks } });
    const WebIdentityToken = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('https://cluster.test')
      .sign(privateKey);
    expect(outcome(await assumeRole(aws, { WebIdentityToken }))).toMatchObject({
      status: 400,
      code: 'IDPCommunicationError',
    });
  });
});
