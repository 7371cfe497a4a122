/** Whatever AWS answers, whatever the value: nothing of it is printed or left behind, nor of the token or the session. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan/plan.ts';
import { CANARY } from '../fetcher/canary.ts';
import { arnOf, planOf } from '../fetcher/plans.ts';
import { BROKEN, JSON_CANARY, OF_SECRETS_MANAGER, OF_STS } from './canary-faults.ts';
import { type CanaryStage, makeCanaryStage } from './canary-stage.ts';

let stage: CanaryStage;
beforeAll(async () => {
  stage = await makeCanaryStage();
});
beforeEach(async () => {
  await stage.reset();
  for (const [name, value] of Object.entries(VALUES))
    for (const region of ['eu-west-1', 'us-east-1'])
      stage.aws.standIn.putSecret({ arn: arnOf(name, region), value });
});
afterAll(() => stage.aws.stop());

const VALUES = {
  plain: CANARY,
  object: `{"password":${JSON_CANARY}}`,
  broken: BROKEN,
  binary: Buffer.concat([Buffer.from(CANARY), Uint8Array.of(0xff)]),
  keys: `{"USER":${JSON_CANARY}}`,
};
const ARNS = Object.keys(VALUES).map((name) => arnOf(name));

/** A plan that asks for each of the values in the way that suits it. */
function wholePlan(timeoutSeconds?: number): Plan {
  const view = {
    manifest: true as const,
    env: [{ name: 'PASSWORD', secret: 1, key: 'password' }],
    envFrom: [{ id: 'keys', secret: 4 }],
    files: [
      { path: 'plain', secret: 0 },
      { path: 'broken', secret: 2 },
      { path: 'binary', secret: 3 },
    ],
  };
  return planOf(ARNS, view, timeoutSeconds);
}

/** The same plan with a replica of each secret. */
function replicatedPlan(): Plan {
  const plan = wholePlan();
  return { ...plan, secrets: plan.secrets.map(({ arn }) => ({ arn, failover: ['us-east-1'] })) };
}

it('finds what it searches for where it belongs, and nowhere else', async () => {
  const finished = await stage.run(wholePlan());
  expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
  const files = new Set(stage.leaksAfter(finished).map((where) => path.basename(where)));
  expect([...files].toSorted()).toEqual(['binary', 'broken', 'env', 'plain']);
  expect(JSON.parse(stage.aws.stage.read('.manifest.json').toString()).secrets).toHaveLength(ARNS.length);
});

describe('a fault of Secrets Manager that lasts', () => {
  it.each(OF_SECRETS_MANAGER)('%s: %j', async (code, fault) => {
    stage.aws.standIn.script('GetSecretValue', { ...fault, times: 'forever' });
    stage.expectSilence(await stage.run(wholePlan()), code, ARNS.length);
  });

  it.each(OF_SECRETS_MANAGER)('in the Region of a replica, %s: %j', async (code, fault) => {
    stage.aws.standIn.script('GetSecretValue', { kind: 'reset', region: 'eu-west-1', times: 'forever' });
    stage.aws.standIn.script('GetSecretValue', { ...fault, times: 'forever' });
    const finished = await stage.run(replicatedPlan());
    // Throttling of one Region and an outage of another are an outage.
    stage.expectSilence(finished, code === 'AWS_THROTTLED' ? 'AWS_UNAVAILABLE' : code, ARNS.length);
    expect(finished.stderr).toContain('using us-east-1 instead');
  });

  it.each(ARNS)('met by one secret alone, the others being there: %s', async (secretId) => {
    stage.aws.standIn.script('GetSecretValue', { kind: 'denied', secretId, times: 'forever' });
    stage.expectSilence(await stage.run(wholePlan()), 'AWS_ACCESS_DENIED');
  });

  it('an answer that stops in the middle of the value', async () => {
    stage.aws.standIn.script('GetSecretValue', { kind: 'hang', afterBytes: 420, times: 'forever' });
    stage.expectSilence(await stage.run(wholePlan(2)), 'AWS_UNAVAILABLE', ARNS.length);
  });

  it('and a signal that ends the wait', async () => {
    stage.aws.standIn.script('GetSecretValue', { kind: 'hang', afterBytes: 420, times: 'forever' });
    const { child, finished } = stage.start(wholePlan());
    while (stage.aws.standIn.requests.length < ARNS.length) await delay(2);
    child.kill('SIGTERM');
    stage.expectSilence(await finished, 'FETCH_TERMINATED');
  });
});

describe('a fault of STS that lasts', () => {
  it.each(OF_STS)('%s: %s', async (code, faultWith) => {
    const { token, session } = stage.kept;
    const fault = faultWith(token, session.secretAccessKey);
    stage.aws.standIn.script('AssumeRoleWithWebIdentity', { ...fault, times: 'forever' });
    stage.expectSilence(await stage.run(wholePlan()), code);
  });
});
