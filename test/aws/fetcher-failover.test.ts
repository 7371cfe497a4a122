/** Regional failover. Time is virtual, so that shares of a minute take none. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RetryLog } from '../../src/aws/calls/retry-log.ts';
import { openSecretReader } from '../../src/aws/calls/secrets-manager.ts';
import { Regions, Session } from '../../src/aws/calls/session.ts';
import { trustAuthorities } from '../../src/aws/connections/trust.ts';
import type { Plan, PlanSecret } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import { formatProblems } from '../../src/core/problems/problems.ts';
import { fetchSecrets } from '../../src/fetcher/fetch-secrets.ts';
import { type Fault, type StandIn, startStandIn } from '../aws-fake/index.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, formatPlan, planOf } from '../fetcher/plans.ts';
import { ROLE_ARN } from '../fetcher/stage.ts';
import { virtualTime } from '../fetcher/virtual-clock.ts';

const HOME = 'eu-west-1';
const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven'];
let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandIn();
  trustAuthorities(standIn.caPem);
});
beforeEach(() => {
  standIn.reset();
  standIn.putRole({ arn: ROLE_ARN, subjects: ['*'], allow: ['*'] });
  for (const region of [HOME, 'us-east-1', 'us-west-2'])
    for (const name of NAMES) standIn.putSecret({ arn: arnOf(name, region), value: `${CANARY} ${region}` });
});
afterAll(() => standIn.stop());

function planFor(secrets: readonly Omit<PlanSecret, 'arn'>[], isOptional = false): Plan {
  const optional = isOptional ? ({ optional: true } as const) : {};
  const files = secrets.map((_secret, secret) => ({ path: `file-${secret}`, secret, ...optional }));
  return {
    ...planOf([], { files }),
    secrets: secrets.map((secret, index) => ({ arn: arnOf(NAMES[index] ?? ''), ...secret })),
  };
}

/** Fetches as the program does, from a session on. */
async function fetch(plan: Plan, seconds = 60) {
  const read = readPlan(formatPlan(plan));
  if (!read.ok) throw new TypeError(read.problem.wrong);
  const lines: string[] = [];
  const settings = { sts: standIn.url, secretsManager: standIn.url, fips: false, dualStack: false };
  const homes = read.value.arns.map((arn) => arn.region);
  const failover = plan.secrets.flatMap((secret) => secret.failover ?? []);
  const regions = new Regions(homes, settings, () => undefined, failover);
  const credentials = standIn.startSession(ROLE_ARN);
  const session = new Session(regions, openSecretReader, credentials, {
    roleArn: ROLE_ARN,
    signIn: async () => credentials,
  });
  const time = virtualTime(seconds);
  const log = new RetryLog((line) => lines.push(line));
  const started = time.clock.now();
  const fetched = await fetchSecrets(read.value, session, { ...time, log });
  const text = formatProblems(fetched.problems);
  expectNoCanary([text, ...lines, ...fetched.warnings]);
  return {
    text,
    lines,
    warnings: fetched.warnings,
    codes: fetched.problems.map(({ code }) => code),
    values: fetched.values.map((value) => value?.revealText()?.replace(CANARY, '').trim()),
    seconds: (time.clock.now() - started) / 1000,
  };
}

const requested = (region: string): number => standIn.requests.filter((one) => one.region === region).length;
const inHome = (fault: Fault): void =>
  standIn.script('GetSecretValue', { times: 'forever', region: HOME, ...fault });

const ONE = planFor([{ failover: ['us-east-1', 'us-west-2'] }]);

it('without a failure, only the Region of the secret is asked', async () => {
  expect(await fetch(ONE)).toMatchObject({ values: [HOME], lines: [], warnings: [], codes: [], seconds: 0 });
  expect(standIn.requests.map(({ region }) => region)).toEqual([HOME]);
  expect(standIn.peak.connections).toBe(1);
});

describe('a failure that lasts moves to the next Region after a share of the deadline', () => {
  it.each<readonly [Fault, string]>([
    [{ kind: 'serverError' }, 'HTTP 500'],
    [{ kind: 'unavailableHtml' }, 'HTTP 503 from something other than AWS, such as a proxy'],
    [{ kind: 'reset' }, 'connection reset'],
    [{ kind: 'truncated' }, 'the answer was incomplete or could not be read'],
    [{ kind: 'throttle' }, 'HTTP 400 ThrottlingException'],
    [
      { kind: 'custom', status: 429, body: '{"__type":"TooManyRequestsException"}' },
      'HTTP 429 TooManyRequestsException',
    ],
  ])('%j', async (fault, words) => {
    inHome(fault);
    const { values, lines, warnings, codes, seconds } = await fetch(ONE);
    expect([values, codes]).toEqual([['us-east-1'], []]);
    expect(lines.at(-1)).toBe(`Secrets Manager in ${HOME}: ${words}; using us-east-1 instead`);
    expect(warnings).toEqual([`read 1 secret from replicas in us-east-1, because of ${HOME}: ${words}`]);
    // A third of the time: three Regions are left. Throttling ends earlier, because its next pause would not fit.
    expect(seconds).toBeLessThanOrEqual(20);
    expect(seconds).toBeGreaterThan(fault.kind === 'throttle' || fault.kind === 'custom' ? 5 : 17);
    expect(requested(HOME)).toBeGreaterThan(3);
    expect(requested('us-east-1')).toBe(1);
    expect(standIn.requests.at(-1)?.secretId).toBe(arnOf('one', 'us-east-1'));
  });

  it('and to the one after it', async () => {
    standIn.script('GetSecretValue', { kind: 'reset', region: HOME, times: 'forever' });
    standIn.script('GetSecretValue', { kind: 'throttle', region: 'us-east-1', times: 'forever' });
    const { values, warnings, seconds } = await fetch(ONE);
    expect(values).toEqual(['us-west-2']);
    expect(warnings).toEqual([
      `read 1 secret from replicas in us-west-2, because of ${HOME}: connection reset, us-east-1: HTTP 400 ThrottlingException`,
    ]);
    expect(seconds).toBeLessThanOrEqual(40);
  });

  it('but not a failure that passes', async () => {
    standIn.script('GetSecretValue', { kind: 'serverError', region: HOME, times: 5 });
    expect(await fetch(ONE)).toMatchObject({ values: [HOME], warnings: [] });
    expect(requested('us-east-1')).toBe(0);
  });

  it('and a timeout, in real time', async () => {
    inHome({ kind: 'hang' });
    // Each Region gets three seconds at least.
    const { values, warnings } = await fetch(planFor([{ failover: ['us-east-1'] }]), 5);
    expect(values).toEqual(['us-east-1']);
    expect(warnings).toEqual([
      `read 1 secret from replicas in us-east-1, because of ${HOME}: timeout: no answer in time`,
    ]);
  });
});

describe('an answer about the role or the secret never moves to another Region', () => {
  it.each<readonly [Fault, string]>([
    [{ kind: 'denied' }, 'AWS_ACCESS_DENIED'],
    [{ kind: 'kmsDenied' }, 'AWS_KMS_DENIED'],
    [{ kind: 'decryptionFailure' }, 'AWS_KMS_DENIED'],
    [{ kind: 'notFound' }, 'SECRET_NOT_FOUND'],
    [{ kind: 'scheduledForDeletion' }, 'SECRET_DELETED'],
    [{ kind: 'expiredToken' }, 'IDENTITY_REFUSED'],
    [{ kind: 'custom', status: 400, body: '{"__type":"InvalidRequestException"}' }, 'SECRET_REFUSED'],
    [{ kind: 'custom', status: 500, body: '{"__type":"AccessDeniedException"}' }, 'AWS_ACCESS_DENIED'],
    [
      { kind: 'custom', status: 200, body: JSON.stringify({ ARN: arnOf('two'), SecretString: 'x' }) },
      'SECRET_MISMATCH',
    ],
    [{ kind: 'custom', status: 200, body: JSON.stringify({ ARN: arnOf('one') }) }, 'VALUE_ABSENT'],
  ])('%j', async (fault, code) => {
    inHome(fault);
    const { codes, text } = await fetch(ONE);
    expect(codes).toEqual([code]);
    expect(text).not.toContain('us-east-1');
    expect(standIn.requests.every(({ region }) => region === HOME)).toBe(true);
  });
});

describe('the answer of a replica', () => {
  beforeEach(() => inHome({ kind: 'serverError' }));
  const inReplica = (fault: Fault): void =>
    standIn.script('GetSecretValue', { times: 'forever', region: 'us-east-1', ...fault });
  const REPLICA = arnOf('one', 'us-east-1');

  it.each<readonly [Fault, string, RegExp]>([
    [
      { kind: 'kmsDenied' },
      'AWS_KMS_DENIED',
      /KMS key of \S+us-east-1\S+ \(the replica, used because eu-west-1 is unavailable: HTTP 500\); for the KMS key of the replica in us-east-1: add .*arn:aws:kms:us-east-1:/,
    ],
    [
      { kind: 'denied' },
      'AWS_ACCESS_DENIED',
      /for the replica in us-east-1: add .*arn:aws:secretsmanager:us-east-1:/,
    ],
    [{ kind: 'notFound' }, 'SECRET_NOT_FOUND', /replicate the secret to us-east-1, or remove the Region/],
    [{ kind: 'scheduledForDeletion' }, 'SECRET_DELETED', /restore the replica, or remove us-east-1 from/],
    [{ kind: 'expiredToken' }, 'IDENTITY_REFUSED', /the replica, used because eu-west-1/],
  ])('%j is final, and the message names the replica', async (fault, code, words) => {
    inReplica(fault);
    const { codes, text } = await fetch(ONE);
    expect(codes).toEqual([code]);
    expect(text).toContain(REPLICA);
    expect(text).toMatch(words);
    expect(requested('us-west-2')).toBe(0);
  });

  it('not found is no absence of an optional secret', async () => {
    inReplica({ kind: 'notFound' });
    expect((await fetch(planFor([{ failover: ['us-east-1'] }], true))).codes).toEqual(['SECRET_NOT_FOUND']);
    // As with a secret that is not optional, the replica may have been made a moment ago.
    expect(requested('us-east-1')).toBe(4);
  });

  it.each([
    ['of the secret in its own Region', arnOf('one')],
    ['of another secret', arnOf('two', 'us-east-1')],
    ['in a third Region', arnOf('one', 'us-west-2')],
  ])('with the ARN %s is a mismatch', async (_what, arn) => {
    inReplica({ kind: 'wrongJson', body: JSON.stringify({ ARN: arn, SecretString: 'x' }) });
    const { codes, text } = await fetch(ONE);
    expect(codes).toEqual(['SECRET_MISMATCH']);
    expect(text).toContain(`a different secret for ${REPLICA}`);
  });

  it('is asked for the same version', async () => {
    const older = standIn.putSecret({
      arn: REPLICA,
      versions: [
        { stages: ['AWSCURRENT'], value: 'new' },
        { stages: ['AWSPREVIOUS'], value: 'old' },
      ],
    });
    const stage = planFor([{ stage: 'AWSPREVIOUS', failover: ['us-east-1'] }]);
    const versionId = older.versions[1]?.id ?? '';
    const version = planFor([{ versionId, failover: ['us-east-1'] }]);
    expect([(await fetch(stage)).values, (await fetch(version)).values]).toEqual([['old'], ['old']]);
  });
});

it('a missing optional secret is absent by the answer of its own Region', async () => {
  inHome({ kind: 'notFound' });
  expect(await fetch(planFor([{ failover: ['us-east-1'] }], true))).toMatchObject({
    codes: [],
    values: [undefined],
    seconds: 0,
  });
});

describe('if no Region is available', () => {
  it('the message names each with its last failure', async () => {
    standIn.script('GetSecretValue', { kind: 'reset', region: HOME, times: 'forever' });
    standIn.script('GetSecretValue', { kind: 'serverError', times: 'forever' });
    const { codes, text, seconds } = await fetch(ONE);
    expect(codes).toEqual(['AWS_UNAVAILABLE']);
    expect(text).toContain(
      `for ${arnOf('one')} in any of its Regions before the deadline; last failures: eu-west-1: connection reset, us-east-1: HTTP 500, us-west-2: HTTP 500; check`,
    );
    expect(seconds).toBeGreaterThan(57);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('because all throttle, it is throttling', async () => {
    standIn.script('GetSecretValue', { kind: 'throttle', times: 'forever' });
    const { codes, text } = await fetch(ONE);
    expect(codes).toEqual(['AWS_THROTTLED']);
    expect(text).toMatch(/raise fetch-timeout, or start fewer pods at once$/);
  });
});

describe('a Region that one secret found unavailable', () => {
  const both = { failover: ['us-east-1'] };

  it('is skipped by the secrets after it', async () => {
    inHome({ kind: 'reset' });
    const { values, lines, warnings, seconds } = await fetch(planFor(NAMES.map(() => both)));
    expect(values).toEqual(NAMES.map(() => 'us-east-1'));
    expect(
      new Set(standIn.requests.filter(({ region }) => region === HOME).map((one) => one.secretId)).size,
    ).toBe(8);
    expect(lines.filter((line) => line.endsWith('instead'))).toHaveLength(1);
    expect(warnings).toEqual([
      `read ${NAMES.length} secrets from replicas in us-east-1, because of ${HOME}: connection reset`,
    ]);
    expect(seconds).toBeLessThan(60);
  });

  it('is still tried by a secret without another Region', async () => {
    standIn.script('GetSecretValue', {
      kind: 'reset',
      region: HOME,
      times: 'forever',
      secretId: arnOf('one'),
    });
    const { values } = await fetch(planFor([both, {}]));
    expect(values).toEqual(['us-east-1', HOME]);
  });
});
