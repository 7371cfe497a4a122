import { describe, expect, it } from 'vitest';
import { AwsFailure } from '../../../../src/aws/calls/errors.ts';
import { fetchProblem } from '../../../../src/aws/calls/problems.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const notFound = new AwsFailure('ResourceNotFoundException', 400);

describe('a secret or version that does not exist', () => {
  it.each([
    [{ arn: ARN }, 'its current version'],
    [{ arn: ARN, stage: 'AWSPREVIOUS' }, 'its version stage "AWSPREVIOUS"'],
    [{ arn: ARN, versionId: 'x'.repeat(32) }, 'the requested version ID'],
  ])('names what was requested: %j', (secret, version) => {
    const problem = fetchProblem(notFound, 'subject', secret);
    expect(problem.code).toBe('SECRET_NOT_FOUND');
    expect(problem.wrong).toBe(`${ARN} or ${version} does not exist`);
    expect(problem.expected).not.toContain('colon');
  });

  it('explains that a colon in a key is read as a version stage', () => {
    const { wrong, expected } = fetchProblem(notFound, 'subject', { arn: ARN, stage: 'Default' });
    expect(wrong).toContain('its version stage "Default"');
    expect(expected).toContain(
      'if "Default" is the end of a key that contains a colon, use the field key of the YAML form',
    );
  });
});
