import aws4 from 'aws4';
import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../stand-in/index.ts';
import {
  DB_ARN,
  getValue,
  type RawAnswer,
  REGION,
  ROLE_ARN,
  sdkClient,
  send,
  startAccount,
} from './account.ts';

interface Signing {
  readonly service?: string;
  readonly region?: string;
  readonly host?: string;
  readonly at?: number;
}

const BODY = JSON.stringify({ SecretId: DB_ARN });

/** Headers of a correctly signed GetSecretValue, made by aws4, for a test to spoil. */
function signed(
  aws: StandIn,
  signing: Signing = {},
  session = aws.startSession(ROLE_ARN),
): Record<string, string> {
  const { headers } = aws4.sign(
    {
      method: 'POST',
      path: '/',
      host: signing.host ?? new URL(aws.url).host,
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': 'secretsmanager.GetSecretValue',
        'X-Amz-Date': new Date(signing.at ?? Date.now()).toISOString().replace(/[-:]|\.\d{3}/g, ''),
      },
      body: BODY,
      service: signing.service ?? 'secretsmanager',
      region: signing.region ?? REGION,
    },
    session,
  );
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

function outcome(answer: RawAnswer): { status: number; type: unknown; message: unknown } {
  const content: Record<string, unknown> = JSON.parse(answer.body);
  return {
    status: answer.status,
    type: content['__type'],
    message: content['message'] ?? content['Message'],
  };
}

test('a request signed by another implementation than the SDK is accepted', async () => {
  const aws = await startAccount();
  const answer = await send(aws, signed(aws), BODY);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/x-amz-json-1.1');
  expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(answer.body)).toMatchObject({ ARN: DB_ARN });
});

describe('a spoiled signature', () => {
  const cases: Record<
    string,
    { spoil?: (headers: Record<string, string>) => void; body?: string; signing?: Signing; message: RegExp }
  > = {
    'body changed': {
      body: JSON.stringify({ SecretId: `${DB_ARN} ` }),
      message: /does not match the signature/,
    },
    'signed header changed': {
      spoil: (headers) => {
        headers['x-amz-target'] = 'secretsmanager.DescribeSecret';
      },
      message: /does not match the signature/,
    },
    'signature changed': {
      spoil: (headers) => {
        headers['authorization'] = (headers['authorization'] ?? '').replace(/.{4}$/, '0000');
      },
      message: /does not match the signature/,
    },
    'Region changed after signing': {
      spoil: (headers) => {
        headers['authorization'] = (headers['authorization'] ?? '').replace(REGION, 'us-east-1');
      },
      message: /does not match the signature/,
    },
    'target not signed': {
      spoil: (headers) => {
        headers['authorization'] = (headers['authorization'] ?? '').replace(';x-amz-target', '');
      },
      message: /'x-amz-target' must be a 'SignedHeader'/,
    },
    'hash of the body false': {
      spoil: (headers) => {
        headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      },
      message: /x-amz-content-sha256/,
    },
    'another service': { signing: { service: 'sts' }, message: /correct service: 'secretsmanager'/ },
    'Region of another host': {
      signing: { host: 'secretsmanager.us-east-1.amazonaws.com' },
      message: /scoped to a valid region/,
    },
    'six minutes old': {
      signing: { at: Date.now() - 360_000 },
      message:
        /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
    },
    'six minutes ahead': { signing: { at: Date.now() + 360_000 }, message: /^Signature not yet current: / },
  };
  for (const [name, { spoil, body, signing, message }] of Object.entries(cases)) {
    test(`${name} is InvalidSignatureException`, async () => {
      const aws = await startAccount();
      const headers = signed(aws, signing);
      spoil?.(headers);
      const answer = outcome(
        await send(aws, { ...headers, 'content-length': `${(body ?? BODY).length}` }, body ?? BODY),
      );
      expect(answer).toMatchObject({ status: 400, type: 'InvalidSignatureException' });
      expect(answer.message).toMatch(message);
    });
  }

  test('four minutes of clock skew are forgiven', async () => {
    const aws = await startAccount();
    expect((await send(aws, signed(aws, { at: Date.now() - 240_000 }), BODY)).status).toBe(200);
    expect((await send(aws, signed(aws, { at: Date.now() + 240_000 }), BODY)).status).toBe(200);
  });
});

describe('credentials', () => {
  test('no Authorization header is MissingAuthenticationTokenException', async () => {
    const aws = await startAccount();
    const { authorization: _, ...headers } = signed(aws);
    expect(outcome(await send(aws, headers, BODY))).toMatchObject({
      status: 400,
      type: 'MissingAuthenticationTokenException',
    });
  });

  test('a malformed Authorization header is IncompleteSignatureException', async () => {
    const aws = await startAccount();
    const answer = await send(aws, { ...signed(aws), authorization: 'AWS4-HMAC-SHA256 Credential=x' }, BODY);
    expect(outcome(answer)).toMatchObject({ status: 400, type: 'IncompleteSignatureException' });
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

  test('a session ends when its time is over', async () => {
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

describe('requests that no client should send', () => {
  test('an unknown operation, a body that is no JSON, and another path', async () => {
    const aws = await startAccount();
    const client = sdkClient(aws);
    await getValue(client, DB_ARN);
    const resign = (change: { target?: string; body?: string; path?: string }) => {
      const { headers } = aws4.sign(
        {
          method: 'POST',
          path: change.path ?? '/',
          host: new URL(aws.url).host,
          headers: {
            'Content-Type': 'application/x-amz-json-1.1',
            'X-Amz-Target': `secretsmanager.${change.target ?? 'GetSecretValue'}`,
          },
          body: change.body ?? BODY,
          service: 'secretsmanager',
          region: REGION,
        },
        aws.startSession(ROLE_ARN),
      );
      const text = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      return send(aws, Object.fromEntries(text), change.body ?? BODY, change.path);
    };
    expect(outcome(await resign({ target: 'PutSecretValue' }))).toMatchObject({
      status: 400,
      type: 'UnknownOperationException',
    });
    expect(outcome(await resign({ body: '{"SecretId":' }))).toMatchObject({
      status: 400,
      type: 'SerializationException',
    });
    expect(outcome(await resign({ path: '/other' }))).toMatchObject({
      status: 404,
      type: 'UnknownOperationException',
    });
  });
});
