/** The JSON line about a run, as the program writes it. docs/reference/metrics.md describes its fields. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { SecretHandle } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, onePlan, planOf } from '../fetcher/plans.ts';
import { lineOf, type RunLine } from '../fetcher/run-line.ts';
import type { Finished } from '../fetcher/stage.ts';
import { readPage } from '../unit/docs/page.ts';

const HOME = 'eu-west-1';
const REPLICA = 'us-east-1';
const DB = arnOf('shop/db');
const TOKEN = arnOf('shop/token', REPLICA);
const NONE = arnOf('shop/none');
/** Pauses between retries take no time. */
const NO_WAITING = ['--require', path.resolve(import.meta.dirname, '../fetcher/no-waiting.cjs')];
const PLAN = planOf([DB, TOKEN, NONE], {
  files: [
    { path: 'db', secret: 0 },
    { path: 'token', secret: 1 },
    { path: 'none', secret: 2, optional: true },
  ],
});

let aws: AwsStage;
let db: SecretHandle;
let token: SecretHandle;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  db = aws.standIn.putSecret({ arn: DB, value: CANARY });
  token = aws.standIn.putSecret({ arn: TOKEN, value: CANARY });
});
afterAll(() => aws.stop());

/** Runs, and checks what every line has in common. */
async function run(plan: Plan | string): Promise<RunLine> {
  const started = Date.now();
  return checked(await aws.stage.run(plan, {}, NO_WAITING), started);
}

function checked(finished: Finished, started: number): RunLine {
  const line = lineOf(finished);
  expectNoCanary([finished.stdout]);
  expect(line.exitCode).toBe(finished.code);
  expect(line.level).toBe(line.exitCode === 0 ? 'info' : 'error');
  expect(line.msg).toBe('fetch ended');
  const time = Date.parse(line.time);
  expect(new Date(time).toISOString()).toBe(line.time);
  expect(time).toBeGreaterThanOrEqual(started);
  const sum = Object.values(line.parts).reduce((all, one) => all + one, 0);
  // Every number is rounded.
  expect(Math.abs(line.milliseconds - sum)).toBeLessThan(5);
  return line;
}

const MILLISECONDS = { milliseconds: expect.any(Number) };

it('names the secrets, Regions, versions and parts of a run', async () => {
  const line = await run(PLAN);
  expect(line).toMatchObject({ outcome: 'wrote', retries: 0, files: 2, secrets: 3 });
  expect(Object.keys(line.parts)).toEqual(['start', 'signIn', 'fetch', 'render', 'write']);
  expect(line.versions).toEqual([
    { arn: DB, region: HOME, versionId: db.versions[0]?.id, retries: 0, ...MILLISECONDS },
    { arn: TOKEN, region: REPLICA, versionId: token.versions[0]?.id, retries: 0, ...MILLISECONDS },
    { arn: NONE, region: HOME, retries: 0, ...MILLISECONDS },
  ]);
  expect((await run(PLAN)).outcome).toBe('kept');
});

it('has the fields that the documentation lists, and no others', async () => {
  const [, section = ''] = readPage('docs/reference/metrics.md').split(/^### (?:Init container|Sidecar)$/m);
  const listed = new Set(
    [...section.matchAll(/^\| ((?:`[\w.[\]]+`(?:, )?)+) \|/gm)].flatMap(([, names]) =>
      [...(names ?? '').matchAll(/`([\w.[\]]+)`/g)].map(([, name]) => name),
    ),
  );
  aws.standIn.script('GetSecretValue', { kind: 'reset', region: HOME, times: 'forever' });
  aws.standIn.script('GetSecretValue', { kind: 'denied', region: REPLICA, times: 'forever' });
  const lines = [await run(withFailover(6))];
  aws.standIn.reset();
  await aws.reset();
  db = aws.standIn.putSecret({ arn: DB, value: CANARY });
  lines.push(await run(onePlan(DB)));
  const found = new Set(
    lines.flatMap((line) => [
      ...Object.keys(line),
      ...Object.keys(line.parts).map((name) => `parts.${name}`),
      ...line.versions.flatMap((one) => Object.keys(one).map((name) => `versions[].${name}`)),
    ]),
  );
  expect([...listed].toSorted()).toEqual([...found].filter((name) => name !== 'parts').toSorted());
});

function withFailover(seconds: number): Plan {
  const plan = onePlan(DB, seconds);
  return { ...plan, secrets: [{ arn: DB, failover: [REPLICA] }] };
}

it('names the Regions that were unavailable', async () => {
  const replica = aws.standIn.putSecret({ arn: arnOf('shop/db', REPLICA), value: CANARY });
  aws.standIn.script('GetSecretValue', { kind: 'reset', region: HOME, times: 'forever' });
  const line = await run(withFailover(6));
  expect(line.versions).toEqual([
    {
      arn: DB,
      region: REPLICA,
      versionId: replica.versions[0]?.id,
      retries: line.retries,
      insteadOf: [HOME],
      ...MILLISECONDS,
    },
  ]);
  expect(line.retries).toBeGreaterThan(0);
});

describe('counts retries', () => {
  it('of the sign-in', async () => {
    aws.standIn.script('AssumeRoleWithWebIdentity', { kind: 'unavailableHtml', times: 2 });
    const line = await run(onePlan(DB));
    expect([line.outcome, line.retries, line.versions[0]?.['retries']]).toEqual(['wrote', 2, 0]);
  });

  it('of a secret', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'serverError', times: 2, secretId: DB });
    const line = await run(PLAN);
    expect([line.outcome, line.retries, line.versions.map((one) => one['retries'])]).toEqual([
      'wrote',
      2,
      [2, 0, 0],
    ]);
  });
});

describe('a run that fails', () => {
  it('names the secret that could not be read, and the versions of the others', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'notFound', secretId: DB, times: 'forever' });
    const line = await run(PLAN);
    expect(line).toMatchObject({ outcome: 'failed', exitCode: 12, codes: 'SECRET_NOT_FOUND', secrets: 3 });
    expect(line.files).toBeUndefined();
    expect(Object.keys(line.parts)).toEqual(['start', 'signIn', 'fetch']);
    expect(line.versions.slice(0, 2)).toEqual([
      { arn: DB, region: HOME, retries: 3, code: 'SECRET_NOT_FOUND', ...MILLISECONDS },
      { arn: TOKEN, region: REPLICA, versionId: token.versions[0]?.id, retries: 0, ...MILLISECONDS },
    ]);
  });

  it('at sign-in', async () => {
    aws.standIn.script('AssumeRoleWithWebIdentity', { kind: 'denied', times: 'forever' });
    const line = await run(PLAN);
    expect(line).toMatchObject({ outcome: 'failed', exitCode: 10, codes: 'IDENTITY_REFUSED', versions: [] });
    expect(Object.keys(line.parts)).toEqual(['start', 'signIn']);
  });

  it('because of its plan', async () => {
    const line = await run('{');
    expect(line).toMatchObject({ outcome: 'failed', exitCode: 2, codes: 'PLAN_INVALID', retries: 0 });
    expect(Object.keys(line.parts)).toEqual(['start']);
  });

  it('because of a signal', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'hang', times: 'forever' });
    const started = Date.now();
    const { child, finished } = aws.stage.start(onePlan(DB));
    while (aws.standIn.requests.every(({ operation }) => operation !== 'GetSecretValue')) await delay(2);
    child.kill('SIGTERM');
    expect(checked(await finished, started)).toMatchObject({ codes: 'FETCH_TERMINATED', exitCode: 143 });
  });

  it('because of a value that cannot be rendered, without the value', async () => {
    const line = await run(planOf([DB], { env: [{ name: 'PASSWORD', secret: 0, key: 'password' }] }));
    expect(line).toMatchObject({ codes: 'VALUE_NOT_JSON', exitCode: 14, secrets: 1 });
    expect(Object.keys(line.parts)).toEqual(['start', 'signIn', 'fetch', 'render']);
  });
});

it('does not repeat an answer that is not a version ID', async () => {
  const body = JSON.stringify({ ARN: DB, SecretString: CANARY, VersionId: CANARY });
  aws.standIn.script('GetSecretValue', { kind: 'custom', status: 200, body });
  const line = await run(onePlan(DB));
  expect(line.versions).toEqual([{ arn: DB, region: HOME, retries: 0, ...MILLISECONDS }]);
});

it('takes no more than the 16 KiB of a line in the logs of container runtimes', async () => {
  const arns = Array.from({ length: 120 }, (_, index) => arnOf(`shop/${'long'.repeat(40)}-${index}`));
  for (const arn of arns) aws.standIn.putSecret({ arn, value: CANARY });
  const files = arns.map((_arn, secret) => ({ path: `file-${secret}`, secret }));
  const finished = await aws.stage.run(planOf(arns, { files }));
  const line = lineOf(finished);
  expect(line.secrets).toBe(120);
  expect(line.versions.map((one) => one['arn'])).toEqual(arns.slice(0, line.versions.length));
  expect(line.versions.length).toBeGreaterThan(40);
  expect(finished.stdout.trimEnd().split('\n').at(-1)?.length).toBeLessThan(16 * 1024);
});
