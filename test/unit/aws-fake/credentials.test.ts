import { describe, expect, test } from 'vitest';
import { DB_ARN, getValue, ROLE_ARN, sdkClient, send, startAccount } from './account.ts';
import { BODY, type Signing, secretsError, signed } from './signed-request.ts';

describe('credentials', () => {
  test('no Authorization header is MissingAuthenticationTokenException', async () => {
    const aws = await startAccount();
    const { authorization: _, ...headers } = signed(aws);
    expect(secretsError(await send(aws, headers, BODY))).toMatchObject({
      status: 400,
      type: 'MissingAuthenticationTokenException',
    });
  });

  test('a malformed Authorization header is IncompleteSignatureException', async () => {
    const aws = await startAccount();
    const answer = await send(aws, { ...signed(aws), authorization: 'AWS4-HMAC-SHA256 Credential=x' }, BODY);
    expect(secretsError(answer)).toMatchObject({ status: 400, type: 'IncompleteSignatureException' });
  });

  test('an unknown key, a missing token and a token of another session are UnrecognizedClientException', async () => {
    const aws = await startAccount();
    const session = aws.startSession(ROLE_ARN);
    const { accessKeyId, secretAccessKey } = session;
    const wrong = [
      { ...session, accessKeyId: 'ASIAIOSFODNN7EXAMPLE' },
      { accessKeyId, secretAccessKey },
      { ...session, sessionToken: aws.startSession(ROLE_ARN).sessionToken },
    ];
    for (const credentials of wrong) {
      await expect(getValue(sdkClient(aws, { credentials }), DB_ARN)).rejects.toMatchObject({
        name: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
        $metadata: { httpStatusCode: 400 },
      });
    }
  });

  test('a wrong secret key is InvalidSignatureException for the SDK', async () => {
    const aws = await startAccount();
    const credentials = { ...aws.startSession(ROLE_ARN), secretAccessKey: 'wrong' };
    await expect(getValue(sdkClient(aws, { credentials }), DB_ARN)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
  });

  test('a session expires', async () => {
    let now = Date.now();
    const aws = await startAccount({ now: () => now });
    const client = sdkClient(aws, { credentials: aws.startSession(ROLE_ARN, 'short', 60) });
    await getValue(client, DB_ARN);
    now += 60_000;
    await expect(getValue(client, DB_ARN)).rejects.toMatchObject({
      name: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('invalid requests', () => {
  test('an unknown operation, a body that is not JSON, and another path', async () => {
    const aws = await startAccount();
    const ask = async (signing: Signing) =>
      secretsError(await send(aws, signed(aws, signing), signing.body ?? BODY, signing.path));
    expect(await ask({ target: 'CreateSecret' })).toMatchObject({
      status: 400,
      type: 'UnknownOperationException',
    });
    expect(await ask({ body: '{"SecretId":' })).toMatchObject({
      status: 400,
      type: 'SerializationException',
    });
    expect(await ask({ body: '[]' })).toMatchObject({ status: 400, type: 'SerializationException' });
    expect(await ask({ path: '/other' })).toMatchObject({ status: 404, type: 'UnknownOperationException' });
  });
});
