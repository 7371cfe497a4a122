import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Fault } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';

const ARN = arnOf('shop/db');
const NO_FAILURE = /no files were changed; no answer yet from (?:STS|Secrets Manager in eu-west-1); /;
let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: ARN, value: 'new' });
});
afterAll(() => aws.stop());

/** Waits until the stand-in has seen this many requests. */
async function untilAsked(count: number): Promise<void> {
  while (aws.standIn.requests.length < count) await delay(2);
}

it.each<[string, NodeJS.Signals, 'AssumeRoleWithWebIdentity' | 'GetSecretValue', Fault, number, RegExp]>([
  ['STS answers', 'SIGTERM', 'AssumeRoleWithWebIdentity', { kind: 'hang' }, 1, NO_FAILURE],
  [
    'STS is asked again',
    'SIGINT',
    'AssumeRoleWithWebIdentity',
    { kind: 'throttle', times: 'forever' },
    1,
    /last failure: STS: HTTP 400 Throttling; /,
  ],
  ['Secrets Manager answers', 'SIGTERM', 'GetSecretValue', { kind: 'hang', afterBytes: 300 }, 2, NO_FAILURE],
  [
    'Secrets Manager is asked again',
    'SIGTERM',
    'GetSecretValue',
    { kind: 'throttle', times: 'forever' },
    2,
    /last failure: Secrets Manager in eu-west-1: HTTP 400 ThrottlingException; /,
  ],
  [
    'it waits for a permission',
    'SIGTERM',
    'GetSecretValue',
    { kind: 'denied', times: 'forever' },
    2,
    new RegExp(`last failure: ${ARN}: HTTP 400 AccessDeniedException; `),
  ],
])(
  'told to end while %s: exit 143, and the old files stay (%s)',
  async (_name, signal, operation, fault, asked, says) => {
    aws.standIn.putSecret({ arn: ARN, value: 'old' });
    expect((await aws.stage.run(onePlan(ARN))).code).toBe(0);
    const before = aws.stage.listing();
    aws.standIn.putSecret({ arn: ARN, value: 'new' });
    aws.standIn.reset();
    aws.standIn.script(operation, fault);
    const { child, finished } = aws.stage.start(onePlan(ARN));
    await untilAsked(asked);
    if (says !== NO_FAILURE) await once(child.stderr ?? child, 'data');
    child.kill(signal);
    const { code, termination, stderr } = await finished;
    expect(code).toBe(143);
    expect(termination).toMatch(/^FETCH_TERMINATED [^\n]*$/);
    expect(termination).toMatch(says);
    expect(stderr.endsWith(`${termination}\n`)).toBe(true);
    expect(aws.stage.listing()).toEqual(before);
    expect(aws.stage.read('value').toString()).toBe('old');
  },
);

it('told to end before it has begun: ends, with nothing written', async () => {
  const { child, finished } = aws.stage.start(onePlan(ARN));
  child.kill('SIGTERM');
  const { code, signal } = await finished;
  // Until its own handler is in place the system ends it, which a shell reports as 143 too.
  expect(code ?? signal).toBe('SIGTERM');
  expect(aws.stage.listing()).toEqual([]);
});

it('told to end while it writes: the set is complete', async () => {
  const preload = aws.stage.inRoot('/signal.cjs');
  writeFileSync(
    preload,
    `const fs = require('node:fs'); const sync = fs.fsyncSync;
     fs.fsyncSync = (descriptor) => { process.kill(process.pid, 'SIGTERM'); sync(descriptor); };`,
  );
  const { code } = await aws.stage.run(onePlan(ARN), {}, ['--require', preload]);
  expect(code).toBe(0);
  expect(aws.stage.read('value').toString()).toBe('new');
});

it('killed at any step of writing: the next run has every file in place', async () => {
  const preload = path.resolve(import.meta.dirname, '../fetcher/kill-at.cjs');
  const under = { KILL_UNDER: aws.stage.volume(), KILL_WITH: 'SIGKILL' };
  // The writer's own test goes through every step; this one takes three through the whole program.
  for (const step of ['1', '6', '12']) {
    aws.stage.clear();
    const killed = await aws.stage.run(onePlan(ARN), { ...under, KILL_AT: step }, ['--require', preload]);
    expect(killed.signal).toBe('SIGKILL');
    expect((await aws.stage.run(onePlan(ARN))).code).toBe(0);
    expect(aws.stage.read('value').toString()).toBe('new');
    expect(aws.stage.listing()).toHaveLength(3);
  }
});
