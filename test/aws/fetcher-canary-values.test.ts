/** Values that cannot be used or written, and the fetcher's own faults: nothing of a value is told. */
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlanView } from '../../src/core/plan/plan.ts';
import { FETCH_CODES, type FetchCode } from '../../src/core/problems/fetch-codes.ts';
import { CANARY } from '../fetcher/canary.ts';
import { arnOf, formatPlan, onePlan, planOf } from '../fetcher/plans.ts';
import { TOKEN_FILE, type Variables } from '../fetcher/stage.ts';
import { BROKEN, JSON_CANARY, OF_SECRETS_MANAGER, OF_STS } from './canary-faults.ts';
import { type CanaryStage, makeCanaryStage } from './canary-stage.ts';

const ARN = arnOf('shop/canary');
let stage: CanaryStage;
beforeAll(async () => {
  stage = await makeCanaryStage();
});
beforeEach(() => stage.reset());
afterAll(() => stage.aws.stop());

const KEY: Partial<PlanView> = { env: [{ name: 'PASSWORD', secret: 0, key: 'password' }] };
const OTHER_KEY: Partial<PlanView> = { files: [{ path: 'user', secret: 0, key: 'user' }] };
const WHOLE: Partial<PlanView> = { env: [{ name: 'PASSWORD', secret: 0 }] };
const SPREAD: Partial<PlanView> = { envFrom: [{ id: 'all', secret: 0 }] };
const DIRECTORY: Partial<PlanView> = { filesFrom: [{ directory: 'all', secret: 0 }] };
const object = (key: string, json = JSON_CANARY): string => `{${JSON.stringify(key)}:${json}}`;

const UNUSABLE: readonly (readonly [FetchCode, string, Partial<PlanView>, string | Uint8Array])[] = [
  ['VALUE_NOT_JSON', 'text', KEY, CANARY],
  ['VALUE_NOT_JSON', 'text that begins like JSON', KEY, `{"password":${JSON_CANARY}`],
  ['VALUE_NOT_JSON', 'text that V8 quotes', SPREAD, BROKEN],
  ['VALUE_NOT_JSON', 'a JSON string', KEY, JSON_CANARY],
  ['VALUE_NOT_JSON', 'a JSON array', DIRECTORY, `[${JSON_CANARY}]`],
  ['VALUE_NOT_JSON', 'bytes', KEY, Buffer.concat([Buffer.from(CANARY), Uint8Array.of(0xff)])],
  ['VALUE_NOT_TEXT', 'bytes as a variable', WHOLE, Buffer.concat([Buffer.from(CANARY), Uint8Array.of(0xff)])],
  ['VALUE_KEY_MISSING', 'another key', OTHER_KEY, object('password')],
  ['VALUE_KEY_MISSING', 'null', OTHER_KEY, `{"password":${JSON_CANARY},"user":null}`],
  ['VALUE_NOT_REPRESENTABLE', 'a NUL', KEY, object('password', `${JSON_CANARY.slice(0, -1)}\\u0000"`)],
  ['VALUE_NOT_REPRESENTABLE', 'a NUL in all of it', WHOLE, `${CANARY}\0`],
  ['VALUE_NOT_REPRESENTABLE', 'half a pair', KEY, object('password', `${JSON_CANARY.slice(0, -1)}\\ud800"`)],
  ['VALUE_NAME_INVALID', 'a key that is no name', SPREAD, object('db-user')],
  ['VALUE_NAME_INVALID', 'a key that is no file', DIRECTORY, object('../up')],
  ['VALUE_NAME_REFUSED', 'a key that steers', SPREAD, object('LD_PRELOAD')],
  ['VALUE_NAME_TAKEN', 'a key that is declared', { ...SPREAD, declared: ['USER'] }, object('USER')],
];

describe('a value that cannot be used', () => {
  it.each(UNUSABLE)('%s: %s', async (code, _name, view, value) => {
    stage.aws.standIn.putSecret({ arn: ARN, value });
    stage.expectSilence(await stage.run(planOf([ARN], view)), code);
    expect(stage.aws.stage.listing()).toEqual([]);
  });

  it('VALUE_ABSENT: an answer with the value in a place of its own', async () => {
    const body = `{"ARN":${JSON.stringify(ARN)},"Value":${JSON_CANARY}}`;
    stage.aws.standIn.script('GetSecretValue', { kind: 'wrongJson', body });
    stage.expectSilence(await stage.run(onePlan(ARN)), 'VALUE_ABSENT');
  });
});

const FAILING: readonly (readonly [FetchCode, Variables])[] = [
  ['WRITE_VOLUME_FULL', { THROW_AT: 'write', THROW_CODE: 'ENOSPC' }],
  ['WRITE_READ_ONLY', { THROW_AT: 'write', THROW_CODE: 'EROFS' }],
  ['WRITE_FAILED', { THROW_AT: 'write', THROW_CODE: 'EACCES' }],
  ['WRITE_FAILED', { THROW_AT: 'write' }],
  ['FETCH_INTERNAL', { THROW_AT: 'render' }],
];

describe('a fault while values are at hand', () => {
  it.each(FAILING)('%s: %j', async (code, variables) => {
    stage.aws.standIn.putSecret({ arn: ARN, value: CANARY });
    stage.expectSilence(await stage.run(onePlan(ARN), variables), code);
    expect(stage.aws.stage.listing()).toEqual([]);
  });

  it('WRITE_FAILED: the second of two volumes is not there', async () => {
    stage.aws.standIn.putSecret({ arn: ARN, value: CANARY });
    const [view] = onePlan(ARN).views;
    if (view === undefined) throw new TypeError('a plan has a view');
    const plan = { ...onePlan(ARN), views: [view, { ...view, volume: 'aws-secrets-1' }] };
    // For a plan that is given as text no volumes are made.
    mkdirSync(stage.aws.stage.volume(), { recursive: true });
    stage.expectSilence(await stage.run(formatPlan(plan)), 'WRITE_FAILED');
    expect(stage.aws.stage.listing()).toEqual([]);
  });
});

describe('what is wrong before anything is fetched', () => {
  it('PLAN_INVALID: a plan with a value where none belongs', async () => {
    stage.expectSilence(await stage.run(`{"version":1,"value":${JSON_CANARY}`), 'PLAN_INVALID');
  });

  it('IDENTITY_MISSING: static keys are there instead', async () => {
    const variables = { AWS_ROLE_ARN: undefined, AWS_SECRET_ACCESS_KEY: CANARY, AWS_SESSION_TOKEN: CANARY };
    stage.expectSilence(await stage.run(onePlan(ARN), variables), 'IDENTITY_MISSING');
  });

  it('IDENTITY_INVALID: the agent is elsewhere', async () => {
    const variables = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:1/${CANARY}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: TOKEN_FILE,
    };
    stage.expectSilence(await stage.run(onePlan(ARN), variables), 'IDENTITY_INVALID');
  });

  it('IDENTITY_TAGS_DENIED: STS quotes what it was sent', async () => {
    const { session, token } = stage.kept;
    const said = `${CANARY} ${token} ${session.secretAccessKey} is not authorized to perform: sts:TagSession`;
    stage.aws.standIn.script('AssumeRole', {
      kind: 'custom',
      status: 403,
      body: `<ErrorResponse><Error><Code>AccessDenied</Code><Message>${said}</Message></Error></ErrorResponse>`,
      times: 'forever',
    });
    const variables = { SECRETS_INJECTOR_ASSUME_ROLE_ARN: 'arn:aws:iam::444455556666:role/reader' };
    stage.expectSilence(await stage.run(onePlan(ARN), variables), 'IDENTITY_TAGS_DENIED');
  });

  it('IDENTITY_TOKEN_UNREADABLE: a file with something else', async () => {
    stage.aws.stage.writeToken(`${stage.kept.token} ${CANARY}`);
    stage.expectSilence(await stage.run(onePlan(ARN)), 'IDENTITY_TOKEN_UNREADABLE');
  });
});

it('every code of the fetcher is met in these tests', () => {
  const met = new Set<string>([
    ...[...OF_SECRETS_MANAGER, ...OF_STS, ...UNUSABLE, ...FAILING].map(([code]) => code),
    ...['VALUE_ABSENT', 'PLAN_INVALID', 'IDENTITY_MISSING', 'IDENTITY_TOKEN_UNREADABLE', 'FETCH_TERMINATED'],
    ...['IDENTITY_INVALID', 'IDENTITY_TAGS_DENIED'],
    // Of forms, in fetcher-canary-forms; of the check, in test/unit/check.
    ...['VALUE_NOT_DECODABLE', 'VALUE_NOT_SELECTABLE', 'ENVIRONMENT_STEERED', 'KUBELET_TOO_OLD'],
  ]);
  expect(Object.keys(FETCH_CODES).filter((code) => !met.has(code))).toEqual([]);
});
