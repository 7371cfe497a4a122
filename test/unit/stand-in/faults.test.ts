import { BatchGetSecretValueCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import type { Fault, StandIn } from '../../stand-in/index.ts';
import { assumeRole, DB_ARN, element, getValue, REGION, sdkClient, startAccount } from './account.ts';

const SECOND_ARN = DB_ARN.replace('db', 'cache');

/** What the SDK makes of one answer: the error's name and status. */
async function failure(aws: StandIn): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await getValue(sdkClient(aws), DB_ARN);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata = '$metadata' in error ? error.$metadata : undefined;
    const status =
      typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
        ? metadata.httpStatusCode
        : undefined;
    return {
      name: error.name,
      status: typeof status === 'number' ? status : undefined,
      message: error.message,
    };
  }
  throw new Error('the request succeeded');
}

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
    test(`${fault.kind} is ${expected.name} once, and then all is well`, async () => {
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

describe('answers of another shape', () => {
  test('unavailableHtml is 503, and the SDK stumbles over the HTML', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'unavailableHtml', times: 2 });
    expect(await failure(aws)).toMatchObject({ status: 503 });
    const answer = await assumeRole(aws);
    expect([answer.status, answer.headers['content-type']]).toEqual([503, 'text/html']);
  });

  test('wrongJson is 200 with what the test wants', async () => {
    const aws = await startAccount();
    for (const body of ['[]', '{"SecretString": 5}', '']) {
      aws.script('GetSecretValue', { kind: 'wrongJson', body });
      const value = await getValue(sdkClient(aws), DB_ARN).catch((error: unknown) => error);
      expect(value).not.toHaveProperty('SecretString', expect.stringContaining('correct horse'));
    }
    expect(aws.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('custom is anything', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'custom', status: 429, headers: { 'retry-after': '7' }, body: 'slow down' });
    const answer = await assumeRole(aws);
    expect([answer.status, answer.headers['retry-after'], answer.body]).toEqual([429, '7', 'slow down']);
  });

  test('truncatedJson is half of the body as if it were all', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'truncatedJson', times: 2 });
    expect(await failure(aws)).toMatchObject({ name: 'SyntaxError', status: 200 });
    const { body, headers } = await assumeRole(aws);
    expect(body).toMatch(/^<AssumeRoleWithWebIdentityResponse /);
    expect(body).not.toContain('</AssumeRoleWithWebIdentityResponse>');
    expect(headers['content-length']).toBe(`${body.length}`);
  });
});

describe('connections that fail', () => {
  test('truncated announces more than it sends', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'truncated', times: 2 });
    await expect(assumeRole(aws)).rejects.toMatchObject({ code: 'ECONNRESET', message: 'aborted' });
    expect(await failure(aws)).toMatchObject({ name: 'Error', message: expect.stringMatching(/^aborted/) });
    expect(aws.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('reset comes before any byte, or after some', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'reset' });
    await expect(assumeRole(aws)).rejects.toMatchObject({
      code: 'ECONNRESET',
      message: /ECONNRESET|socket hang up/,
    });
    for (const afterBytes of [10, 250]) {
      aws.script('*', { kind: 'reset', afterBytes });
      await expect(assumeRole(aws)).rejects.toMatchObject({
        code: expect.stringMatching(/ECONNRESET|HPE_INVALID_EOF_STATE/),
      });
    }
    expect(aws.requests.map(({ status, finishedAt }) => [status, finishedAt !== undefined])).toEqual([
      [undefined, false],
      [200, true],
      [200, true],
    ]);
  });

  test('slow answers as always, later', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'slow', ms: 120 });
    const before = performance.now();
    await getValue(sdkClient(aws), DB_ARN);
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
  });

  test('hang never answers, at once or halfway, and ends with the stand-in', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'hang' }, { kind: 'hang', afterBytes: 200 }, { kind: 'slow', ms: 600_000 });
    const waiting = [assumeRole(aws), assumeRole(aws), assumeRole(aws)].map((answer) =>
      answer.then(
        () => 'answered',
        (error: NodeJS.ErrnoException) => error.code,
      ),
    );
    await expect.poll(() => aws.requests.length).toBe(3);
    expect(
      await Promise.race([...waiting, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))]),
    ).toBe('silence');
    await aws.stop();
    expect(await Promise.all(waiting)).toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET']);
  });
});

describe('a script', () => {
  test('is played in order, for as often as each fault says', async () => {
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

  test('waits for requests that fit, by operation, secret and Region', async () => {
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

  test('strikes one secret of a batch, or all of it', async () => {
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

  test('is forgotten on reset, like the log', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'serverError', times: 'forever' });
    await failure(aws);
    aws.reset();
    expect([aws.requests, aws.pendingFaults]).toEqual([[], []]);
    await getValue(sdkClient(aws, { region: REGION }), DB_ARN);
  });
});
