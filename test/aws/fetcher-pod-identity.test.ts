/** EKS Pod Identity: the built fetcher and a fake of the agent that is as strict as the real one. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { POD_IDENTITY_AUDIENCE } from '../aws-fake/index.ts';
import type { AgentFault } from '../aws-fake/pod-identity-faults.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';
import {
  AGENT_TOKEN_FILE,
  makePodIdentityStage,
  type PodIdentityStage,
} from '../fetcher/pod-identity-stage.ts';
import { ROLE_ARN, SUBJECT, TOKEN_FILE } from '../fetcher/stage.ts';

const ARN = arnOf('shop/canary');
/** Seconds of a deadline for what does not pass. */
const SOON = 3;
let aws: PodIdentityStage;

beforeAll(async () => {
  aws = await makePodIdentityStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
});
afterAll(() => aws.stop());

function run(variables: Readonly<Record<string, string | undefined>> = {}, seconds = 20) {
  return aws.stage.run(onePlan(ARN, seconds), { ...aws.variables, ...variables });
}

it('signs in with the agent alone, without STS', async () => {
  expect(await run()).toMatchObject({ code: 0, stderr: '', termination: '' });
  expect(aws.stage.read('value').toString()).toBe(CANARY);
  expect(aws.agent.requests).toMatchObject([
    { method: 'GET', path: '/v1/credentials', ...SUBJECT, status: 200 },
  ]);
  expect(aws.standIn.requests.map(({ operation, roleArn }) => [operation, roleArn])).toEqual([
    ['GetSecretValue', ROLE_ARN],
  ]);
});

it('takes precedence over IRSA, as an association does in EKS', async () => {
  const finished = await run({ AWS_ROLE_ARN: ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE: TOKEN_FILE });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(aws.agent.requests).toHaveLength(1);
  expect(aws.standIn.requests).toHaveLength(1);
});

it('half of it leaves IRSA in place', async () => {
  const finished = await run({
    AWS_ROLE_ARN: ROLE_ARN,
    AWS_WEB_IDENTITY_TOKEN_FILE: TOKEN_FILE,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: undefined,
  });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(aws.agent.requests).toEqual([]);
  expect(aws.standIn.requests.map(({ operation }) => operation)).toEqual([
    'AssumeRoleWithWebIdentity',
    'GetSecretValue',
  ]);
});

it('reads the token again for each try', async () => {
  const stale = await aws.standIn.issueToken({
    ...SUBJECT,
    audience: POD_IDENTITY_AUDIENCE,
    expiresInSeconds: 3600,
  });
  const fresh = await aws.standIn.issueToken({ ...SUBJECT, audience: POD_IDENTITY_AUDIENCE });
  aws.writeAgentToken(stale);
  const { promise: throttled, resolve } = Promise.withResolvers<void>();
  aws.agent.script({ kind: 'throttle' });
  const running = aws.stage.start(onePlan(ARN), aws.variables);
  running.child.stderr?.on('data', () => resolve());
  await throttled;
  aws.writeAgentToken(fresh);
  expect(await running.finished).toMatchObject({ code: 0 });
  expect(aws.agent.requests.map(({ status }) => status)).toEqual([429, 200]);
});

it('waits for an agent that is not ready', async () => {
  await aws.agent.refuse();
  const running = aws.stage.start(onePlan(ARN), aws.variables);
  const { promise: refused, resolve } = Promise.withResolvers<void>();
  let stderr = '';
  running.child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
    resolve();
  });
  await refused;
  expect(stderr).toMatch(/^the EKS Pod Identity Agent: connection reset; retrying\n/);
  await aws.agent.listen();
  expect(await running.finished).toMatchObject({ code: 0 });
});

describe('faults that pass', () => {
  it.each<[string, AgentFault]>([
    ['429', { kind: 'throttle' }],
    ['500', { kind: 'serverError' }],
    ['503', { kind: 'unavailable' }],
    ['500 without a code', { kind: 'unreachable' }],
    ['a reset', { kind: 'reset' }],
    ['a reset in the answer', { kind: 'reset', afterBytes: 200 }],
    ['half an answer', { kind: 'truncated' }],
    ['half of the JSON', { kind: 'truncatedJson' }],
    ['other JSON', { kind: 'wrongJson' }],
    ['credentials without a token', { kind: 'changed', fields: { Token: undefined } }],
    ['a page of something else', { kind: 'custom', status: 403, body: '<html>blocked</html>' }],
    ['no association yet', { kind: 'custom', status: 404, body: '[x]: (ResourceNotFoundException): none' }],
    ['slow', { kind: 'slow', ms: 1200 }],
  ])('%s', async (_name, fault) => {
    aws.agent.script(fault);
    expect(await run()).toMatchObject({ code: 0, termination: '' });
    expect(aws.agent.pendingFaults).toEqual([]);
  });
});

describe('faults that last', () => {
  it.each<[string, AgentFault, number, RegExp]>([
    [
      'EKS may not assume the role',
      { kind: 'denied' },
      10,
      /^IDENTITY_REFUSED AWS_CONTAINER_CREDENTIALS_FULL_URI: .*rejected service account "shop\/web" \(AccessDeniedException\); add to the trust policy of the associated role: \{"Effect":"Allow","Principal":\{"Service":"pods\.eks\.amazonaws\.com"\},"Action":\["sts:AssumeRole","sts:TagSession"\]\}\nsee docs\/reference\/problems\.md#identity_refused$/,
    ],
    [
      'a code that nobody knows',
      { kind: 'custom', status: 400, body: `[x]: (NewException): ${CANARY}` },
      10,
      /^IDENTITY_REFUSED .*\(NewException\); check the association/,
    ],
    [
      '500',
      { kind: 'serverError' },
      13,
      /^AWS_UNAVAILABLE .*Agent returned no usable answer.*HTTP 500; check that the add-on/,
    ],
    ['429', { kind: 'throttle' }, 13, /^AWS_THROTTLED .*Agent was still throttling/],
    ['no answer', { kind: 'hang' }, 13, /^AWS_UNAVAILABLE .*timeout.*169\.254\.170\.23/],
    ['other JSON', { kind: 'wrongJson' }, 13, /^AWS_UNAVAILABLE .*HTTP 200/],
    [
      'a page of something else',
      { kind: 'custom', status: 403, body: '<html/>' },
      13,
      /^AWS_UNAVAILABLE .*HTTP 403 from something other than AWS/,
    ],
  ])('%s', async (_name, fault, code, says) => {
    aws.agent.script({ ...fault, times: 'forever' });
    const finished = await run({}, SOON);
    expect(finished.code).toBe(code);
    expect(finished.termination).toMatch(says);
    expect(aws.stage.listing()).toEqual([]);
    expectNoCanary([finished.stderr, finished.stdout, finished.termination]);
  });

  it('a service account without an association', async () => {
    aws.writeAgentToken(
      await aws.standIn.issueToken({ ...SUBJECT, serviceAccount: 'other', audience: POD_IDENTITY_AUDIENCE }),
    );
    const finished = await run({ SECRETS_INJECTOR_SERVICE_ACCOUNT: 'shop/other' }, SOON);
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(
      /\(ResourceNotFoundException\); create an association: aws eks create-pod-identity-association --cluster-name <cluster> --namespace shop --service-account other --role-arn <role>/,
    );
  });

  it.each([
    [
      'for STS',
      { audience: 'sts.amazonaws.com' },
      /InvalidTokenException.*audience pods\.eks\.amazonaws\.com/,
    ],
    ['that has expired', { audience: POD_IDENTITY_AUDIENCE, expiresInSeconds: -60 }, /ExpiredToken.*clock/],
  ])('a token %s', async (_name, claims, says) => {
    const token = await aws.standIn.issueToken({ ...SUBJECT, ...claims });
    aws.writeAgentToken(token);
    const finished = await run();
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(/^IDENTITY_REFUSED AWS_CONTAINER_CREDENTIALS_FULL_URI: /);
    expect(finished.termination).toMatch(says);
    expectNoCanary([finished.stderr, finished.termination], token);
  });
});

it.each([
  'http://127.0.0.1/v1/credentials',
  'http://localhost:8080/v1/credentials',
  'http://169.254.169.254/latest/meta-data',
  'http://169.254.170.2/v1/credentials',
  'http://169.254.170.23:8080/v1/credentials',
  'http://169.254.170.23@evil.example/v1/credentials',
  'http://169.254.170.23.evil.example/v1/credentials',
  'http://[fd00:ec2::24]/v1/credentials',
  'https://user@169.254.170.23/v1/credentials',
  'https://agent.example/v1/credentials',
  'https://127.0.0.1.example/v1/credentials',
  'file:///etc/passwd',
  'no url',
])('the token is not sent to %s', async (uri) => {
  const finished = await run({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri });
  expect(finished.code).toBe(10);
  expect(finished.termination).toMatch(
    /^IDENTITY_INVALID AWS_CONTAINER_CREDENTIALS_FULL_URI: the variable does not name the EKS Pod Identity Agent; /,
  );
  expect(aws.standIn.requests).toEqual([]);
});

it('a token file that is missing names its variable', async () => {
  rmSync(aws.stage.inRoot(AGENT_TOKEN_FILE));
  const finished = await run();
  expect(finished.code).toBe(10);
  expect(finished.termination).toMatch(
    /^IDENTITY_TOKEN_UNREADABLE AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: .*ENOENT/,
  );
});
