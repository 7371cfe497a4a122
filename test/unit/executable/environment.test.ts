import { expect, it } from 'vitest';
import { clearedEnvironment, steeringProblems } from '../../../src/executable/environment.ts';

it('a variable that acted before the start is rejected by name, each with a problem of its own', () => {
  const variables = { LD_PRELOAD: '/x.so', NODE_V8_COVERAGE: '/secrets', LD_AUDIT: '', PATH: '/bin' };
  expect(steeringProblems(variables).map(({ code, subject }) => [code, subject])).toEqual([
    ['ENVIRONMENT_STEERED', 'LD_PRELOAD'],
    ['ENVIRONMENT_STEERED', 'NODE_V8_COVERAGE'],
  ]);
  expect(JSON.stringify(steeringProblems(variables))).not.toContain('/x.so');
});

it('an environment that steers nothing stays as it is', () => {
  expect(
    clearedEnvironment({ NODE_NAME: 'node-1', NODE_ENV: 'test', AWS_REGION: 'eu-west-1', UV_X: '' }),
  ).toBeUndefined();
});

it('what would steer later is left out, and nothing else', () => {
  expect(
    clearedEnvironment({
      NODE_NAME: 'node-1',
      NODE_OPTIONS: '--inspect',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      SSL_CERT_FILE: '/x',
      SSLKEYLOGFILE: '/x',
      UV_THREADPOOL_SIZE: '1',
      RES_OPTIONS: 'x',
      AWS_ROLE_ARN: 'arn',
      EMPTY: '',
    }),
  ).toEqual({ NODE_NAME: 'node-1', AWS_ROLE_ARN: 'arn', EMPTY: '' });
});
