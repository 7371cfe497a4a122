import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';

let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
});
afterAll(() => aws.stop());

const ARN = arnOf('shop/canary');
const PAGE = '<html><body>The proxy blocked this request.</body></html>';
const PASSING: readonly Fault[] = [
  { kind: 'throttle' },
  { kind: 'serverError' },
  { kind: 'unavailableHtml' },
  { kind: 'reset' },
  { kind: 'reset', afterBytes: 40 },
  { kind: 'reset', afterBytes: 400 },
  { kind: 'truncated' },
  { kind: 'truncatedJson' },
  { kind: 'slow', ms: 30 },
  { kind: 'wrongJson' },
  { kind: 'wrongJson', body: '{}' },
  { kind: 'wrongJson', body: `{"SecretString":"${CANARY.slice(0, 14)}` },
  { kind: 'custom', status: 200, body: '' },
  { kind: 'custom', status: 502, body: 'bad gateway' },
  { kind: 'custom', status: 429, body: '' },
  { kind: 'custom', status: 403, body: PAGE, headers: { 'content-type': 'text/html' } },
  { kind: 'custom', status: 200, body: PAGE, headers: { 'content-type': 'text/html' } },
];

describe('a fault that passes is retried', () => {
  it.each(PASSING)('Secrets Manager: %j', async (fault) => {
    aws.standIn.script('GetSecretValue', fault);
    const finished = await aws.stage.run(onePlan(ARN));
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(
      fault.kind === 'slow' ? /^$/ : /^Secrets Manager in eu-west-1: [^\n]+; retrying\n$/,
    );
    expect(aws.stage.read('value').toString()).toBe(CANARY);
    expect(aws.standIn.pendingFaults).toEqual([]);
    expectNoCanary([finished.stdout]);
  });

  it.each([
    ...PASSING.filter((fault) => fault.kind !== 'truncatedJson'),
    { kind: 'invalidIdentityToken' } as const,
    { kind: 'idpCommunicationError' } as const,
  ])('STS: %j', async (fault) => {
    aws.standIn.script('AssumeRoleWithWebIdentity', fault);
    const { code, stderr } = await aws.stage.run(onePlan(ARN));
    expect(code).toBe(0);
    expect(stderr).toMatch(fault.kind === 'slow' ? /^$/ : /^STS: [^\n]+; retrying\n$/);
    expect(aws.standIn.pendingFaults).toEqual([]);
  });

  it('is logged when it changes, not with each try', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'serverError', times: 3 }, { kind: 'reset', times: 2 });
    const { code, stderr } = await aws.stage.run(onePlan(ARN));
    expect(code).toBe(0);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'Secrets Manager in eu-west-1: HTTP 500; retrying',
      'Secrets Manager in eu-west-1: connection reset; retrying',
    ]);
  });

  it('denied right after a permission was given', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'denied' });
    const stderr = `${ARN}: HTTP 400 AccessDeniedException; retrying\n`;
    expect(await aws.stage.run(onePlan(ARN))).toMatchObject({ code: 0, stderr });
  });

  it('an expired session: signs in again, once', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'expiredToken' });
    expect(await aws.stage.run(onePlan(ARN))).toMatchObject({ code: 0, stderr: '' });
    const operations = aws.standIn.requests.map((request) => request.operation);
    expect(operations).toEqual([
      'AssumeRoleWithWebIdentity',
      'GetSecretValue',
      'AssumeRoleWithWebIdentity',
      'GetSecretValue',
    ]);
  });
});
