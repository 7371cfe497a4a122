import { describe, expect, test } from 'vitest';
import { DB_ARN, getValue, sdkClient, startAccount } from './account.ts';

describe('versions', () => {
  test('are selected by stage, by id, and by both if they match', async () => {
    const aws = await startAccount();
    const secret = aws.putSecret({ arn: DB_ARN, value: 'one' });
    const two = secret.putValue('two');
    const [one] = secret.versions;
    const client = sdkClient(aws);
    const read = async (version: { VersionId?: string; VersionStage?: string }) =>
      (await getValue(client, DB_ARN, version)).SecretString;
    expect(await read({})).toBe('two');
    expect(await read({ VersionStage: 'AWSPREVIOUS' })).toBe('one');
    expect(await read({ VersionId: one?.id ?? '' })).toBe('one');
    expect(await read({ VersionId: two.id, VersionStage: 'AWSCURRENT' })).toBe('two');
    await expect(read({ VersionId: two.id, VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    await expect(read({ VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    });
    await expect(read({ VersionId: '0'.repeat(32) })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Secrets Manager can't find the specified secret value for VersionId: ${'0'.repeat(32)}`,
    });
    await expect(read({ VersionId: 'short' })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('may have a label before they have a value, and lose labels to newer versions', async () => {
    const aws = await startAccount();
    const secret = aws.putSecret({
      arn: DB_ARN,
      versions: [
        { stages: ['AWSCURRENT'], value: 'one' },
        { id: 'f'.repeat(32), stages: ['AWSPENDING'] },
      ],
    });
    await expect(getValue(sdkClient(aws), DB_ARN, { VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    secret.putValue('pending', ['AWSPENDING']);
    expect((await getValue(sdkClient(aws), DB_ARN, { VersionStage: 'AWSPENDING' })).SecretString).toBe(
      'pending',
    );
    expect((await getValue(sdkClient(aws), DB_ARN)).SecretString).toBe('one');
    secret.putValue('two');
    secret.putValue('three');
    expect(secret.versions.map(({ stages }) => stages)).toEqual([
      [],
      [],
      // The rotation in progress was abandoned by the value from elsewhere.
      [],
      ['AWSPREVIOUS'],
      ['AWSCURRENT'],
    ]);
  });

  test('contain at most 65,536 bytes, and may be empty', async () => {
    const aws = await startAccount();
    expect(() => aws.putSecret({ arn: DB_ARN, value: 'é'.repeat(32_769) })).toThrow(RangeError);
    aws.putSecret({ arn: DB_ARN, value: 'é'.repeat(32_768) });
    expect((await getValue(sdkClient(aws), DB_ARN)).SecretString).toHaveLength(32_768);
    aws.putSecret({ arn: DB_ARN, value: '' });
    expect((await getValue(sdkClient(aws), DB_ARN)).SecretString).toBe('');
    expect(() => aws.putSecret({ arn: 'arn:aws:s3:::bucket', value: '' })).toThrow(TypeError);
  });
});
