/** The simulation of ten thousand pods, and the estimate of describe, have the calls that a real look makes. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RetryLog } from '../../../../src/aws/calls/retry-log.ts';
import { estimateCalls } from '../../../../src/core/advice/estimate.ts';
import type { Plan } from '../../../../src/core/plan/plan.ts';
import { readPlan } from '../../../../src/core/plan/read-plan.ts';
import type { RefreshCheck } from '../../../../src/core/plan/refresh.ts';
import { look } from '../../../../src/fetcher/refresh/look.ts';
import { facts, MemorySecrets } from '../../../fetcher/memory-secrets.ts';
import { arnOf, formatPlan, planOf } from '../../../fetcher/plans.ts';
import { runSidecars, type SidecarsOptions } from '../../../fetcher/sidecars/sidecars.ts';
import { virtualTime } from '../../../fetcher/virtual-clock.ts';

const SECRETS = 3;
const ARNS = Array.from({ length: SECRETS }, (_, index) => arnOf(`secret/${index}`));
const PLAN: Plan = planOf(ARNS, { files: ARNS.map((_, secret) => ({ path: `${secret}`, secret })) });

let volumes: string;
let aws: MemorySecrets;
beforeEach(() => {
  volumes = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-simulated-'));
  mkdirSync(path.join(volumes, 'aws-secrets'));
  aws = new MemorySecrets();
  for (const arn of ARNS) aws.put(arn, 'a', 'value');
});
afterEach(() => rmSync(volumes, { recursive: true, force: true }));

type Counts = readonly [describeSecret: number, getSecretValue: number];

/** The calls of a real look. @returns also the versions after it */
async function lookReally(check: RefreshCheck, delivered: Parameters<typeof look>[1]['delivered']) {
  const read = readPlan(formatPlan(PLAN));
  if (!read.ok) throw new TypeError(read.problem.wrong);
  const { clock, deadline } = virtualTime(30);
  aws.calls.length = 0;
  const { versions } = await look(read.value, {
    session: aws.session(ARNS),
    retries: { clock, deadline, log: new RetryLog(() => undefined) },
    engines: {},
    viewsDirectory: volumes,
    check,
    delivered,
  });
  const count = (what: 'describe' | 'read') => aws.calls.filter((call) => call.what === what).length;
  return { versions, counts: [count('describe'), count('read')] satisfies Counts };
}

/** The calls of the first looks of one simulated pod, which starts at once. @param length in seconds */
function simulate(check: RefreshCheck, length: number, more: Partial<SidecarsOptions> = {}): Counts {
  const options = {
    pods: 1,
    secrets: SECRETS,
    interval: 100,
    check,
    startWithin: 0,
    length,
    seed: 1,
    ...more,
  };
  const { calls } = runSidecars({ ...options, withoutJitter: true });
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  // Without the calls of the start.
  return [sum(calls.DescribeSecret), sum(calls.GetSecretValue) - SECRETS];
}

describe.each(['describe', 'value'] as const)('with the check %s', (check) => {
  it('a look without new versions', async () => {
    const { versions } = await lookReally(check, [null, null, null]);
    const { counts } = await lookReally(check, versions);
    expect(simulate(check, 150)).toEqual(counts);
  });

  it('a look with a new version', async () => {
    const { counts } = await lookReally(check, [null, null, null]);
    expect(simulate(check, 150, { rotation: 50 })).toEqual(counts);
    const secrets = ARNS.map((arn) => ({ arn, region: 'eu-west-1' }));
    const [estimate] = estimateCalls({ count: 1, secrets, refresh: { seconds: 100, check } });
    const checked = check === 'value' ? SECRETS : 0;
    expect(checked + (estimate?.callsAfterChange ?? 0)).toBe(counts[1]);
  });

  it('a look during an outage', async () => {
    aws.before = () => facts('InternalServiceError', 500);
    const { counts } = await lookReally(check, [null, null, null]);
    expect(simulate(check, 103, { outage: { from: 50, to: 150 } })).toEqual(counts);
  });
});
