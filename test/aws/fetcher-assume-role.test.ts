/** The annotations role-arn, assume-role-arn and external-id: the built fetcher, and roles and secrets of two accounts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROLE_TOKEN_FILE } from '../../src/core/names/identity-variables.ts';
import type { Fault, Role } from '../aws-fake/index.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { onePlan } from '../fetcher/plans.ts';
import { makePodIdentityStage, type PodIdentityStage } from '../fetcher/pod-identity-stage.ts';
import { ROLE_ARN, SUBJECT, type Variables } from '../fetcher/stage.ts';

const OWNER = '444455556666';
/** Seconds of a deadline for what does not pass. */
const SOON = 3;
const ARN = `arn:aws:secretsmanager:eu-west-1:${OWNER}:secret:shop/canary-AbCdEf`;
const READER: Role = {
  arn: `arn:aws:iam::${OWNER}:role/team/reader`,
  subjects: [],
  trustedRoles: [ROLE_ARN],
  externalId: 'contract-7',
  allow: [ARN],
  actions: ['secretsmanager:GetSecretValue'],
};
const ASSUMING: Role = {
  arn: ROLE_ARN,
  subjects: ['system:serviceaccount:shop:web'],
  allow: [],
  mayAssume: [READER.arn],
};
const VARIABLES: Variables = {
  AWS_ROLE_SESSION_NAME: 'shop.web',
  SECRETS_INJECTOR_SERVICE_ACCOUNT: 'shop/web',
  SECRETS_INJECTOR_POD_NAME: 'web-7d9f',
  SECRETS_INJECTOR_ASSUME_ROLE_ARN: READER.arn,
  SECRETS_INJECTOR_EXTERNAL_ID: 'contract-7',
};
const TAGS = {
  'kubernetes-namespace': 'shop',
  'kubernetes-service-account': 'web',
  'kubernetes-pod-name': 'web-7d9f',
};

let aws: PodIdentityStage;

beforeAll(async () => {
  aws = await makePodIdentityStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putRole(ASSUMING);
  aws.standIn.putRole(READER);
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
});
afterAll(() => aws.stop());

function run(variables: Variables = {}, seconds = 20) {
  return aws.stage.run(onePlan(ARN, seconds), { ...VARIABLES, ...variables });
}

const operations = () => aws.standIn.requests.map(({ operation }) => operation);

describe('assumes the second role', () => {
  it('with IRSA: external ID, session name and session tags', async () => {
    expect(await run()).toMatchObject({ code: 0, stderr: '' });
    expect(aws.stage.read('value').toString()).toBe(CANARY);
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity', 'AssumeRole', 'GetSecretValue']);
    expect(aws.standIn.requests[1]).toMatchObject({
      roleArn: READER.arn,
      sessionName: 'shop.web',
      externalId: 'contract-7',
      durationSeconds: 900,
      region: 'eu-west-1',
      tags: TAGS,
    });
    expect(aws.standIn.requests[2]).toMatchObject({ roleArn: READER.arn, status: 200 });
  });

  it('with the token of the injector', async () => {
    const file = aws.stage.inRoot(ROLE_TOKEN_FILE);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, await aws.standIn.issueToken({ ...SUBJECT, expiresInSeconds: 3600 }));
    const finished = await run({ AWS_WEB_IDENTITY_TOKEN_FILE: ROLE_TOKEN_FILE });
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity', 'AssumeRole', 'GetSecretValue']);
  });

  it('with EKS Pod Identity, whose session tags are inherited', async () => {
    expect(await run(aws.variables)).toMatchObject({ code: 0, stderr: '' });
    expect(operations()).toEqual(['AssumeRole', 'GetSecretValue']);
    expect(aws.standIn.requests[0]).toMatchObject({ roleArn: READER.arn, tags: {} });
  });

  it('again after the first session expired', async () => {
    aws.standIn.script('AssumeRole', { kind: 'expiredToken' });
    expect(await run()).toMatchObject({ code: 0 });
    expect(operations()).toEqual([
      'AssumeRoleWithWebIdentity',
      'AssumeRole',
      'AssumeRoleWithWebIdentity',
      'AssumeRole',
      'GetSecretValue',
    ]);
  });

  it('again after its session expired', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'expiredToken' });
    expect(await run()).toMatchObject({ code: 0 });
    expect(operations()).toEqual([
      'AssumeRoleWithWebIdentity',
      'AssumeRole',
      'GetSecretValue',
      'AssumeRoleWithWebIdentity',
      'AssumeRole',
      'GetSecretValue',
    ]);
  });

  it.each<[string, Fault]>([
    ['throttling', { kind: 'throttle' }],
    ['a server error', { kind: 'serverError' }],
    ['a reset', { kind: 'reset' }],
    ['a page of something else', { kind: 'custom', status: 502, body: '<html/>' }],
  ])('after %s', async (_name, fault) => {
    aws.standIn.script('AssumeRole', fault);
    expect(await run()).toMatchObject({ code: 0, termination: '' });
    expect(aws.standIn.pendingFaults).toEqual([]);
  });
});

it('the token of the injector takes precedence over everything that EKS adds', async () => {
  const file = aws.stage.inRoot(ROLE_TOKEN_FILE);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, await aws.standIn.issueToken(SUBJECT));
  aws.standIn.putRole({ ...ASSUMING, allow: [ARN] });
  aws.standIn.putSecret({ arn: ARN, value: CANARY, sharedWith: [ROLE_ARN] });
  const finished = await aws.stage.run(onePlan(ARN), {
    ...aws.variables,
    AWS_ROLE_ARN: ROLE_ARN,
    AWS_WEB_IDENTITY_TOKEN_FILE: ROLE_TOKEN_FILE,
  });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(aws.agent.requests).toEqual([]);
  expect(operations()).toEqual(['AssumeRoleWithWebIdentity', 'GetSecretValue']);
});

describe('is refused', () => {
  const ASSUME = `{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"${READER.arn}"}`;
  const TRUST = `{"Effect":"Allow","Principal":{"AWS":"${ROLE_ARN}"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"contract-7"}}},{"Effect":"Allow","Principal":{"AWS":"${ROLE_ARN}"},"Action":"sts:TagSession"}`;

  it.each<[string, () => void, Variables, string, string]>([
    [
      'by the policy of the role of the pod',
      () => aws.standIn.putRole({ ...ASSUMING, mayAssume: [] }),
      {},
      'IDENTITY_REFUSED',
      ASSUME,
    ],
    [
      'by the trust policy of the role',
      () => aws.standIn.putRole({ ...READER, trustedRoles: [] }),
      {},
      'IDENTITY_REFUSED',
      TRUST,
    ],
    [
      'because of another external ID',
      () => aws.standIn.putRole({ ...READER, externalId: 'other' }),
      {},
      'IDENTITY_REFUSED',
      TRUST,
    ],
    [
      'because the role does not exist',
      () => undefined,
      { SECRETS_INJECTOR_ASSUME_ROLE_ARN: `arn:aws:iam::${OWNER}:role/nobody` },
      'IDENTITY_REFUSED',
      'the role does not exist',
    ],
    [
      'because of its session tags',
      () => aws.standIn.putRole({ ...READER, mayTag: false }),
      {},
      'IDENTITY_TAGS_DENIED',
      'allow sts:TagSession in addition to sts:AssumeRole',
    ],
  ])('%s', async (_name, change, variables, code, says) => {
    change();
    const finished = await run(variables, SOON);
    expect(finished.code).toBe(10);
    expect(finished.termination.startsWith(`${code} secrets-injector.dev/assume-role-arn: `)).toBe(true);
    expect(finished.termination).toContain(says);
    expect(aws.stage.listing()).toEqual([]);
    expectNoCanary([finished.stderr, finished.termination]);
  });

  it('in the first step: the problem is that of the role of the pod', async () => {
    aws.standIn.putRole({ ...ASSUMING, subjects: [] });
    const finished = await run({}, SOON);
    expect(finished.termination).toMatch(/^IDENTITY_REFUSED AWS_ROLE_ARN: .*oidc-provider/);
    expect(operations()).not.toContain('AssumeRole');
  });

  it('by an explicit deny in the trust policy', async () => {
    aws.standIn.script('AssumeRole', {
      kind: 'custom',
      status: 403,
      body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: x is not authorized to perform: sts:AssumeRole with an explicit deny in the role trust policy</Message></Error></ErrorResponse>',
      times: 'forever',
    });
    const finished = await run({}, SOON);
    expect(finished.code).toBe(10);
    expect(finished.termination).toContain(
      `remove the explicit deny in the trust policy of the role; sts:AssumeRole and sts:TagSession must be allowed`,
    );
  });

  it('when STS is down in the second step', async () => {
    aws.standIn.script('AssumeRole', { kind: 'serverError', times: 'forever' });
    const finished = await run({}, SOON);
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/^AWS_UNAVAILABLE secrets-injector.dev\/assume-role-arn: STS /);
  });
});

it('a denied secret whose name contains KMS is not a problem of a key', async () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/KMS-token-AbCdEf';
  aws.standIn.putSecret({ arn, value: CANARY });
  const finished = await aws.stage.run(onePlan(arn, SOON));
  expect(finished.termination).toMatch(/^AWS_ACCESS_DENIED /);
});

describe('a secret of another account, read with the role of the pod', () => {
  beforeEach(() => {
    aws.standIn.putRole({ ...ASSUMING, allow: [ARN] });
  });
  const read = () => aws.stage.run(onePlan(ARN, SOON), { AWS_ROLE_SESSION_NAME: 'shop.web' });

  it('with both halves: its resource policy and the policy of its key', async () => {
    aws.standIn.putSecret({ arn: ARN, value: CANARY, sharedWith: [ROLE_ARN], keySharedWith: [ROLE_ARN] });
    expect(await read()).toMatchObject({ code: 0, stderr: '' });
    expect(aws.stage.read('value').toString()).toBe(CANARY);
  });

  it.each<[string, object, string, string]>([
    [
      'without the resource policy',
      { keySharedWith: [ROLE_ARN] },
      'AWS_ACCESS_DENIED',
      `add to the resource policy of the secret: {"Effect":"Allow","Principal":{"AWS":"${ROLE_ARN}"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
    ],
    [
      'without the policy of the key',
      { sharedWith: [ROLE_ARN], keySharedWith: [] },
      'AWS_KMS_DENIED',
      `also add to the policy of the key: {"Effect":"Allow","Principal":{"AWS":"${ROLE_ARN}"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com","kms:EncryptionContext:SecretARN":"${ARN}"}}}`,
    ],
    [
      'with the key that AWS manages',
      { sharedWith: [ROLE_ARN], keySharedWith: 'default' },
      'AWS_KMS_DENIED',
      'encrypt the secret with a customer managed key',
    ],
  ])('%s', async (_name, shared, code, says) => {
    aws.standIn.putSecret({ arn: ARN, value: CANARY, ...shared });
    const finished = await read();
    expect(finished.code).toBe(11);
    expect(finished.termination.startsWith(`${code} `)).toBe(true);
    expect(finished.termination).toContain(says);
    expectNoCanary([finished.stderr, finished.termination]);
  });
});
