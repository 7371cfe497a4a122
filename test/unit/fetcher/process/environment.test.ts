/** What the fetcher takes from the environment of its container, which other webhooks can write. */
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../../src/fetcher/process/environment.ts';

describe('the Region of STS', () => {
  const FORGED = 'x@localhost:1/#';

  it.each([
    ['AWS_REGION', { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-east-1' }, 'eu-west-1', []],
    ['AWS_DEFAULT_REGION', { AWS_DEFAULT_REGION: 'us-east-1' }, 'us-east-1', []],
    ['none', { AWS_REGION: '' }, undefined, []],
    ['no forged one', { AWS_REGION: FORGED }, undefined, ['AWS_REGION']],
    [
      'the default beside a forged one',
      { AWS_REGION: FORGED, AWS_DEFAULT_REGION: 'us-east-1' },
      'us-east-1',
      ['AWS_REGION'],
    ],
    [
      'no two forged ones',
      { AWS_REGION: FORGED, AWS_DEFAULT_REGION: 'us-east-1 ' },
      undefined,
      ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    ],
  ])('is %s', (_name, variables, region, ignored) => {
    expect(readEnvironment(variables, '/')).toMatchObject({ region, ignored });
  });
});
