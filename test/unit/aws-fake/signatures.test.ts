import { describe, expect, test } from 'vitest';
import { DB_ARN, REGION, send, startAccount } from './account.ts';
import { BODY, type Signing, secretsError, signed } from './signed-request.ts';

test('a request signed by another implementation than the SDK is accepted', async () => {
  const aws = await startAccount();
  const answer = await send(aws, signed(aws), BODY);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/x-amz-json-1.1');
  expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(answer.body)).toMatchObject({ ARN: DB_ARN });
});

describe('an invalid signature', () => {
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
    'wrong hash of the body': {
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
      const answer = secretsError(
        await send(aws, { ...headers, 'content-length': `${(body ?? BODY).length}` }, body ?? BODY),
      );
      expect(answer).toMatchObject({ status: 400, type: 'InvalidSignatureException' });
      expect(answer.message).toMatch(message);
    });
  }

  test('four minutes of clock skew are accepted', async () => {
    const aws = await startAccount();
    expect((await send(aws, signed(aws, { at: Date.now() - 240_000 }), BODY)).status).toBe(200);
    expect((await send(aws, signed(aws, { at: Date.now() + 240_000 }), BODY)).status).toBe(200);
  });
});
