import { describe, expect, test } from 'vitest';
import type { Fault } from '../../aws-fake/index.ts';
import { assumeRole, DB_ARN, element, failure, getValue, sdkClient, startAccount } from './account.ts';

describe('errors of Secrets Manager', () => {
  const cases: { fault: Fault; name: string; status: number; message: RegExp }[] = [
    { fault: { kind: 'throttle' }, name: 'ThrottlingException', status: 400, message: /^Rate exceeded$/ },
    { fault: { kind: 'serverError' }, name: 'InternalServiceError', status: 500, message: /server side/ },
    {
      fault: { kind: 'denied' },
      name: 'AccessDeniedException',
      status: 400,
      message: /^User: arn:aws:sts::.* on resource: arn:.*db-AbCdEf because no identity-based/,
    },
    {
      fault: { kind: 'notFound' },
      name: 'ResourceNotFoundException',
      status: 400,
      message: /can't find the specified secret\.$/,
    },
    {
      fault: { kind: 'kmsDenied' },
      name: 'AccessDeniedException',
      status: 400,
      message: /^Access to KMS is not allowed$/,
    },
    {
      fault: { kind: 'decryptionFailure' },
      name: 'DecryptionFailure',
      status: 400,
      message: /can't decrypt/,
    },
    {
      fault: { kind: 'scheduledForDeletion' },
      name: 'InvalidRequestException',
      status: 400,
      message: /marked for deletion/,
    },
    { fault: { kind: 'expiredToken' }, name: 'ExpiredTokenException', status: 400, message: /is expired$/ },
  ];
  for (const { fault, ...expected } of cases) {
    test(`${fault.kind} is ${expected.name} once, and then the request succeeds`, async () => {
      const aws = await startAccount();
      aws.script('GetSecretValue', fault);
      expect(await failure(aws)).toEqual({ ...expected, message: expect.stringMatching(expected.message) });
      await getValue(sdkClient(aws), DB_ARN);
      expect(aws.requests).toMatchObject([
        { status: expected.status, errorCode: expected.name, fault: fault.kind },
        { status: 200, errorCode: undefined, fault: undefined },
      ]);
    });
  }

  test('the SDK retries throttling at 400 by itself', async () => {
    const aws = await startAccount();
    aws.script('GetSecretValue', { kind: 'throttle' });
    await getValue(sdkClient(aws, { maxAttempts: 2 }), DB_ARN);
    expect(aws.requests.map(({ status }) => status)).toEqual([400, 200]);
  });
});

describe('errors of STS', () => {
  const cases: { fault: Fault; code: string; status: number; type?: string }[] = [
    { fault: { kind: 'throttle' }, code: 'Throttling', status: 400 },
    { fault: { kind: 'serverError' }, code: 'InternalFailure', status: 500, type: 'Receiver' },
    { fault: { kind: 'denied' }, code: 'AccessDenied', status: 403 },
    { fault: { kind: 'expiredToken' }, code: 'ExpiredTokenException', status: 400 },
    { fault: { kind: 'invalidIdentityToken' }, code: 'InvalidIdentityToken', status: 400 },
    { fault: { kind: 'idpCommunicationError' }, code: 'IDPCommunicationError', status: 400 },
  ];
  for (const { fault, code, status, type = 'Sender' } of cases) {
    test(`${fault.kind} is ${code}`, async () => {
      const aws = await startAccount();
      aws.script('AssumeRoleWithWebIdentity', fault);
      const answer = await assumeRole(aws);
      expect([answer.status, element(answer.body, 'Code'), element(answer.body, 'Type')]).toEqual([
        status,
        code,
        type,
      ]);
      expect((await assumeRole(aws)).status).toBe(200);
    });
  }
});

describe('unexpected responses', () => {
  test('unavailableHtml is 503, and the SDK cannot parse the HTML', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'unavailableHtml', times: 2 });
    expect(await failure(aws)).toMatchObject({ status: 503 });
    const answer = await assumeRole(aws);
    expect([answer.status, answer.headers['content-type']]).toEqual([503, 'text/html']);
  });

  test('wrongJson is 200 with the given body', async () => {
    const aws = await startAccount();
    for (const body of ['[]', '{"SecretString": 5}', '']) {
      aws.script('GetSecretValue', { kind: 'wrongJson', body });
      const value = await getValue(sdkClient(aws), DB_ARN).catch((error: unknown) => error);
      expect(value).not.toHaveProperty('SecretString', expect.stringContaining('correct horse'));
    }
    expect(aws.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('custom is any response', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'custom', status: 429, headers: { 'retry-after': '7' }, body: 'slow down' });
    const answer = await assumeRole(aws);
    expect([answer.status, answer.headers['retry-after'], answer.body]).toEqual([429, '7', 'slow down']);
  });

  test('truncatedJson is a complete response with half of the body', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'truncatedJson', times: 2 });
    expect(await failure(aws)).toMatchObject({ name: 'SyntaxError', status: 200 });
    const { body, headers } = await assumeRole(aws);
    expect(body).toMatch(/^<AssumeRoleWithWebIdentityResponse /);
    expect(body).not.toContain('</AssumeRoleWithWebIdentityResponse>');
    expect(headers['content-length']).toBe(`${body.length}`);
  });
});
