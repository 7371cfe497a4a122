import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../aws-fake/index.ts';
import { assumeRole, element, startAccount, stsError, tokenOf } from './account.ts';

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
    'not a JWT': {
      token: () => 'nonsense',
      status: 400,
      code: 'InvalidIdentityToken',
      message: /not a valid JWT/,
    },
    'a payload that is not JSON': {
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
    'an audience of no role': {
      token: (aws) => tokenOf(aws, { audience: 'https://kubernetes.default.svc' }),
      status: 400,
      code: 'InvalidIdentityToken',
      message: /^Incorrect token audience$/,
    },
    'an expired token': {
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
      expect(stsError(answer)).toEqual({ ...expected, message: expect.stringMatching(expected.message) });
      expect(element(answer.body, 'Type')).toBe('Sender');
      expect(element(answer.body, 'RequestId')).toMatch(/^[0-9a-f-]{36}$/);
      expect(aws.requests).toMatchObject([{ status: expected.status, errorCode: expected.code }]);
    });
  }
});

describe('another issuer', () => {
  test('has its own keys, including elliptic curves', async () => {
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
    await expect(tokenOf(aws)).rejects.toThrow('the issuer in the options');
  });

  test('that is unreachable is IDPCommunicationError', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const jwks = () => Promise.reject(new Error('unreachable'));
    const aws = await startAccount({ issuer: { issuer: 'https://cluster.test', jwks } });
    const WebIdentityToken = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('https://cluster.test')
      .sign(privateKey);
    expect(stsError(await assumeRole(aws, { WebIdentityToken }))).toMatchObject({
      status: 400,
      code: 'IDPCommunicationError',
    });
  });
});
