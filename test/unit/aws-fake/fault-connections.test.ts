import { describe, expect, test } from 'vitest';
import { assumeRole, DB_ARN, failure, getValue, sdkClient, startAccount } from './account.ts';

describe('connections that fail', () => {
  test('truncated announces more than it sends', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'truncated', times: 2 });
    await expect(assumeRole(aws)).rejects.toMatchObject({ code: 'ECONNRESET', message: 'aborted' });
    expect(await failure(aws)).toMatchObject({ name: 'Error', message: expect.stringMatching(/^aborted/) });
    expect(aws.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('reset closes the connection before any byte, or after some', async () => {
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

  test('slow responds normally after a delay', async () => {
    const aws = await startAccount();
    aws.script('*', { kind: 'slow', ms: 120 });
    const before = performance.now();
    await getValue(sdkClient(aws), DB_ARN);
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
  });

  test('hang sends nothing or a part, and ends with the fake', async () => {
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
