/** Looks for new versions, with secrets that change between the calls of one look. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RetryLog } from '../../../../src/aws/calls/retry-log.ts';
import { formatPlan, type Plan, type PlanSecret } from '../../../../src/core/plan/plan.ts';
import { readPlan } from '../../../../src/core/plan/read-plan.ts';
import type { RefreshCheck } from '../../../../src/core/plan/refresh.ts';
import { DueActions } from '../../../../src/fetcher/files/due-actions.ts';
import { look } from '../../../../src/fetcher/refresh/look.ts';
import type { LookReport, Versions } from '../../../../src/fetcher/refresh/messages.ts';
import { type Call, facts, idOf, MemorySecrets } from '../../../fetcher/memory-secrets.ts';
import { arnOf, viewOf } from '../../../fetcher/plans.ts';
import { virtualTime } from '../../../fetcher/virtual-clock.ts';

const DB = arnOf('shop/db');
const KEY = arnOf('shop/key');
let volumes: string;
let aws: MemorySecrets;
beforeEach(() => {
  volumes = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-look-'));
  mkdirSync(path.join(volumes, 'aws-secrets'));
  aws = new MemorySecrets();
});
afterEach(() => rmSync(volumes, { recursive: true, force: true }));

/** A plan with one file for each secret: `0`, `1`, … */
function planOf(secrets: readonly PlanSecret[], optional?: true): Plan {
  const files = secrets.map((_, secret) => ({ path: String(secret), secret, ...(optional && { optional }) }));
  return {
    version: 1,
    timeoutSeconds: 20,
    secrets,
    views: [viewOf({ files })],
    refresh: { seconds: 30, check: 'describe', onChange: [{ url: 'http://localhost/' }] },
  };
}

async function lookAt(
  plan: Plan,
  delivered: Versions,
  check: RefreshCheck = 'describe',
): Promise<LookReport> {
  const read = readPlan(formatPlan(plan));
  if (!read.ok) throw new TypeError(read.problem.wrong);
  const { clock, deadline } = virtualTime(20);
  const failover = plan.secrets.flatMap((secret) => secret.failover ?? []);
  return look(read.value, {
    session: aws.session(
      plan.secrets.map(({ arn }) => arn),
      failover,
    ),
    retries: { clock, deadline, log: new RetryLog(() => undefined) },
    engines: {},
    viewsDirectory: volumes,
    check,
    delivered,
  });
}

/** The files that the application sees. */
function files(): Readonly<Record<string, string>> {
  const volume = path.join(volumes, 'aws-secrets');
  const names = readdirSync(volume).filter((name) => !name.startsWith('..'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(volume, name), 'utf8')]));
}

function isDue(plan: Plan): boolean {
  return new DueActions(plan, volumes).read().actions.length > 0;
}

const asked = () =>
  aws.calls.map(({ what, versionId, stage }) => [what, versionId ?? stage].join(' ').trim());

/** Counts up. */
function idsFrom(first: number): () => string {
  let next = first;
  return () => String(next++);
}

/** Does something before the n-th call of a kind. */
function beforeCall(what: Call['what'], nth: number, change: () => void): void {
  let seen = 0;
  aws.before = (call) => {
    if (call.what === what) seen += 1;
    if (call.what === what && seen === nth) change();
    return undefined;
  };
}

describe('DescribeSecret first', () => {
  it('reads nothing while all versions are the delivered ones', async () => {
    aws.put(DB, 'a', 'old');
    const report = await lookAt(planOf([{ arn: DB }]), [{ id: idOf('a') }]);
    expect(report).toMatchObject({ outcome: 'same', end: 'done' });
    expect(asked()).toEqual(['describe']);
  });

  it('reads a new version by its ID, and records what is due before the swap', async () => {
    aws.put(DB, 'a', 'new');
    const plan = planOf([{ arn: DB }]);
    const report = await lookAt(plan, [{ id: idOf('old') }]);
    expect(report).toMatchObject({ outcome: 'wrote', end: 'done', versions: [{ id: idOf('a') }] });
    expect(asked()).toEqual(['describe', `read ${idOf('a')}`]);
    expect(files()).toEqual({ 0: 'new' });
    expect(isDue(plan)).toBe(true);
  });

  it('a new version with the same content writes nothing, and nothing is due', async () => {
    const plan = planOf([{ arn: DB }]);
    aws.put(DB, 'a', 'same');
    await lookAt(plan, [null]);
    new DueActions(plan, volumes).keep({ actions: [], swappedAt: undefined });
    aws.put(DB, 'b', 'same');
    expect(await lookAt(plan, [{ id: idOf('a') }])).toMatchObject({
      outcome: 'kept',
      versions: [{ id: idOf('b') }],
    });
    expect(isDue(plan)).toBe(false);
  });

  it('a rotation in flight is not seen before it ends', async () => {
    aws.put(DB, 'a', 'old');
    const delivered = [{ id: idOf('a') }];
    aws.put(DB, 'b', 'pending', ['AWSPENDING']);
    expect(await lookAt(planOf([{ arn: DB }]), delivered)).toMatchObject({ outcome: 'same' });
    aws.move(DB, 'b', 'AWSCURRENT');
    expect(await lookAt(planOf([{ arn: DB }]), delivered)).toMatchObject({ outcome: 'wrote' });
    expect(files()).toEqual({ 0: 'pending' });
  });

  it('AWSPENDING is read if it is requested', async () => {
    aws.put(DB, 'a', 'old');
    aws.put(DB, 'b', 'pending', ['AWSPENDING']);
    expect(await lookAt(planOf([{ arn: DB, stage: 'AWSPENDING' }]), [null])).toMatchObject({
      outcome: 'wrote',
    });
    expect(files()).toEqual({ 0: 'pending' });
  });

  it('a version ID in the reference never changes, and is not described', async () => {
    aws.put(DB, 'a', 'old');
    aws.put(DB, 'b', 'new');
    const plan = planOf([{ arn: DB, versionId: idOf('a') }]);
    expect(await lookAt(plan, [{ id: idOf('a') }])).toMatchObject({ outcome: 'same' });
    expect(asked()).toEqual([]);
  });

  it('two labels of one secret come from one answer, whenever they move', async () => {
    const plan = planOf([{ arn: DB }, { arn: DB, stage: 'AWSPREVIOUS' }]);
    aws.put(DB, 'a', '1');
    aws.put(DB, 'b', '2');
    beforeCall('read', 2, () => aws.put(DB, 'c', '3'));
    expect(await lookAt(plan, [null, null])).toMatchObject({ outcome: 'wrote' });
    expect(files()).toEqual({ 0: '2', 1: '1' });
    expect(asked().filter((call) => call === 'describe')).toHaveLength(1);
  });

  it('secrets that change together are never mixed, whenever it happens', async () => {
    const plan = planOf([{ arn: DB }, { arn: KEY }]);
    const calls: readonly (readonly [Call['what'], number])[] = [
      ...[1, 2, 3, 4].map((nth) => ['describe', nth] as const),
      ...[1, 2].map((nth) => ['read', nth] as const),
    ];
    for (const [what, nth] of calls) {
      aws = new MemorySecrets();
      const rotate = (id: string) => [DB, KEY].map((arn) => aws.put(arn, id, id));
      rotate('old');
      beforeCall(what, nth, () => rotate('new'));
      expect(await lookAt(plan, [null, null]), `${what} ${nth}`).toMatchObject({
        outcome: expect.stringMatching(/^(?:wrote|kept)$/),
      });
      expect(
        [
          { 0: 'old', 1: 'old' },
          { 0: 'new', 1: 'new' },
        ],
        `${what} ${nth}`,
      ).toContainEqual(files());
    }
  });

  it('a version that vanishes before it is read is looked up again', async () => {
    aws.put(DB, 'a', '1');
    beforeCall('read', 1, () => {
      aws.put(DB, 'b', '2');
      aws.put(DB, 'c', '3');
      aws.forgetUnlabelled(DB);
    });
    expect(await lookAt(planOf([{ arn: DB }]), [null])).toMatchObject({
      outcome: 'wrote',
      versions: [{ id: idOf('c') }],
    });
    expect(files()).toEqual({ 0: '3' });
  });

  it('versions that change all the time end the look, and the next one comes soon', async () => {
    const plan = planOf([{ arn: DB }, { arn: KEY }]);
    aws.put(DB, 'old', 'old');
    aws.put(KEY, 'old', 'old');
    await lookAt(plan, [null, null]);
    const nextId = idsFrom(1);
    aws.before = ({ what }) => {
      if (what === 'read') aws.put(DB, nextId(), 'new');
      return undefined;
    };
    const report = await lookAt(plan, [null, null]);
    expect(report).toMatchObject({
      outcome: 'failed',
      end: 'transient',
      problems: [{ code: 'REFRESH_VERSIONS_MOVED' }],
    });
    expect(files()).toEqual({ 0: 'old', 1: 'old' });
  });
});

describe('GetSecretValue alone', () => {
  it('compares the IDs of the values, and writes nothing while they are the delivered ones', async () => {
    aws.put(DB, 'a', 'old');
    expect(await lookAt(planOf([{ arn: DB }]), [{ id: idOf('a') }], 'value')).toMatchObject({
      outcome: 'same',
    });
    expect(asked()).toEqual(['read']);
    expect(files()).toEqual({});
  });

  it('two labels of one secret are read again until they belong together', async () => {
    const plan = planOf([{ arn: DB }, { arn: DB, stage: 'AWSPREVIOUS' }]);
    aws.put(DB, 'a', '1');
    aws.put(DB, 'b', '2');
    beforeCall('read', 2, () => aws.put(DB, 'c', '3'));
    expect(await lookAt(plan, [null, null], 'value')).toMatchObject({ outcome: 'wrote' });
    expect(files()).toEqual({ 0: '3', 1: '2' });
  });

  it('labels that move all the time change no file', async () => {
    const plan = planOf([{ arn: DB }, { arn: KEY }]);
    aws.put(KEY, 'a', 'a');
    const nextId = idsFrom(1);
    aws.before = () => void aws.put(DB, nextId(), 'new');
    expect(await lookAt(plan, [null, null], 'value')).toMatchObject({
      problems: [{ code: 'REFRESH_VERSIONS_MOVED' }],
    });
    expect(files()).toEqual({});
  });
});

describe('trouble', () => {
  it.each([
    ['a denied description', 'describe', facts('AccessDeniedException', 400), 'AWS_ACCESS_DENIED', 'final'],
    ['a denied value', 'read', facts('AccessDeniedException', 400), 'AWS_ACCESS_DENIED', 'final'],
    ['a denied key', 'read', facts('AccessDeniedException', 400, 'kms'), 'AWS_KMS_DENIED', 'final'],
    ['throttling', 'describe', facts('ThrottlingException', 400), 'AWS_THROTTLED', 'throttled'],
    ['throttled values', 'read', facts('ThrottlingException', 400), 'AWS_THROTTLED', 'throttled'],
    ['an outage', 'describe', facts('InternalServiceError', 500), 'AWS_UNAVAILABLE', 'transient'],
    [
      'an outage between two calls',
      'read',
      facts('InternalServiceError', 500),
      'AWS_UNAVAILABLE',
      'transient',
    ],
    [
      'a session that is rejected',
      'describe',
      facts('UnrecognizedClientException', 400),
      'IDENTITY_REFUSED',
      'final',
    ],
  ] as const)('%s of one secret keeps all files', async (_what, call, fault, code, end) => {
    const plan = planOf([{ arn: DB }, { arn: KEY }]);
    aws.put(DB, 'a', 'old');
    aws.put(KEY, 'a', 'old');
    const { versions } = await lookAt(plan, [null, null]);
    new DueActions(plan, volumes).keep({ actions: [], swappedAt: undefined });
    aws.put(DB, 'b', 'new');
    aws.put(KEY, 'b', 'new');
    aws.before = ({ what, arn }) => (what === call && arn === KEY ? fault : undefined);
    expect(await lookAt(plan, versions)).toMatchObject({
      outcome: 'failed',
      end,
      problems: [{ code }],
      versions,
    });
    expect([files(), isDue(plan)]).toEqual([{ 0: 'old', 1: 'old' }, false]);
    aws.before = () => undefined;
    expect(await lookAt(plan, versions)).toMatchObject({ outcome: 'wrote' });
    expect(files()).toEqual({ 0: 'new', 1: 'new' });
  });

  it('nobody waits for a look: throttling and denials are not asked about twice', async () => {
    aws.put(DB, 'a', 'old');
    aws.before = () => facts('ThrottlingException', 400);
    await lookAt(planOf([{ arn: DB }]), [null]);
    aws.before = () => facts('AccessDeniedException', 400);
    await lookAt(planOf([{ arn: DB }]), [null]);
    expect(aws.calls).toHaveLength(2);
  });

  it('an outage is asked about three times, and a call that succeeds then is enough', async () => {
    aws.put(DB, 'a', 'old');
    aws.before = () => facts('InternalServiceError', 500);
    expect(await lookAt(planOf([{ arn: DB }]), [null])).toMatchObject({ end: 'transient' });
    expect(aws.calls).toHaveLength(3);
    aws.before = () => (aws.calls.length < 6 ? facts('InternalServiceError', 500) : undefined);
    expect(await lookAt(planOf([{ arn: DB }]), [null])).toMatchObject({ outcome: 'wrote' });
  });

  it('a denial of DescribeSecret names the permission and the other way', async () => {
    aws.before = () => facts('AccessDeniedException', 400);
    const { problems } = await lookAt(planOf([{ arn: DB }]), [null]);
    expect(problems[0]?.expected).toContain('"Action":"secretsmanager:DescribeSecret"');
    expect(problems[0]?.expected).toContain('refresh-check');
  });

  it.each([
    ['removed', 'SECRET_NOT_FOUND', () => aws.remove(DB)],
    ['scheduled for deletion', 'SECRET_DELETED', () => aws.scheduleDeletion(DB)],
    ['without the label', 'SECRET_NOT_FOUND', () => aws.move(DB, 'nobody', 'AWSCURRENT')],
  ] as const)(
    'a secret that is %s keeps its files; an optional one has none',
    async (_what, code, change) => {
      const required = planOf([{ arn: DB }]);
      const optional = planOf([{ arn: DB }], true);
      aws.put(DB, 'a', 'old');
      const { versions } = await lookAt(required, [null]);
      change();
      expect(await lookAt(required, versions)).toMatchObject({ outcome: 'failed', problems: [{ code }] });
      expect(files()).toEqual({ 0: 'old' });
      expect(await lookAt(optional, versions)).toMatchObject({ outcome: 'wrote', versions: ['absent'] });
      expect(files()).toEqual({});
      expect(await lookAt(optional, ['absent'])).toMatchObject({ outcome: 'same' });
    },
  );

  it('a full volume keeps all files, and nothing is due', async (context) => {
    const volume = path.join(volumes, 'aws-secrets');
    const mount = ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', volume];
    if (spawnSync('mount', mount).status !== 0) return context.skip('no tmpfs can be mounted');
    try {
      const plan = planOf([{ arn: DB }]);
      aws.put(DB, 'a', 'old');
      const { versions } = await lookAt(plan, [null]);
      new DueActions(plan, volumes).keep({ actions: [], swappedAt: undefined });
      const before = readdirSync(volume).toSorted();
      aws.put(DB, 'b', 'x'.repeat(65_000));
      const report = await lookAt(plan, versions);
      expect(report).toMatchObject({
        outcome: 'failed',
        end: 'final',
        problems: [{ code: 'WRITE_VOLUME_FULL' }],
      });
      expect([files(), isDue(plan), readdirSync(volume).toSorted()]).toEqual([{ 0: 'old' }, false, before]);
      aws.put(DB, 'c', 'new');
      expect(await lookAt(plan, versions)).toMatchObject({ outcome: 'wrote' });
      expect(files()).toEqual({ 0: 'new' });
    } finally {
      spawnSync('umount', ['-l', volume]);
    }
  });

  it('a value that cannot be rendered keeps all files', async () => {
    const plan: Plan = {
      ...planOf([{ arn: DB }]),
      views: [viewOf({ files: [{ path: '0', secret: 0, key: 'a' }] })],
    };
    aws.put(DB, 'a', '{"a":"old"}');
    const { versions } = await lookAt(plan, [null]);
    aws.put(DB, 'b', 'no JSON');
    expect(await lookAt(plan, versions)).toMatchObject({
      outcome: 'failed',
      end: 'final',
      problems: [{ code: 'VALUE_NOT_JSON' }],
    });
    expect(files()).toEqual({ 0: 'old' });
  });
});

describe('during an outage of its Region', () => {
  const REPLICA = DB.replace('eu-west-1', 'us-east-1');
  const plan = planOf([{ arn: DB, failover: ['us-east-1'] }]);

  beforeEach(() => {
    aws.before = ({ region }) => (region === 'eu-west-1' ? facts('InternalServiceError', 500) : undefined);
  });

  it('a secret is read from the replica', async () => {
    aws.put(REPLICA, 'a', 'old');
    aws.put(REPLICA, 'b', 'new');
    expect(await lookAt(plan, [{ id: idOf('a') }])).toMatchObject({
      outcome: 'wrote',
      versions: [{ id: idOf('b') }],
    });
    expect(files()).toEqual({ 0: 'new' });
  });

  it('a replica that does not know the delivered version yet is behind, and changes nothing', async () => {
    aws.put(REPLICA, 'a', 'old');
    expect(await lookAt(plan, [{ id: idOf('b') }])).toMatchObject({
      outcome: 'same',
      versions: [{ id: idOf('b') }],
    });
  });

  it('a replica that does not exist says nothing about an optional secret', async () => {
    const optional = planOf([{ arn: DB, failover: ['us-east-1'] }], true);
    expect(await lookAt(optional, [{ id: idOf('a') }])).toMatchObject({
      outcome: 'failed',
      problems: [{ code: 'SECRET_NOT_FOUND' }],
    });
  });
});

it('what was replaced stays readable until the next look', async () => {
  const plan = planOf([{ arn: DB }]);
  aws.put(DB, 'a', 'old');
  const { versions } = await lookAt(plan, [null]);
  const resolved = path.join(volumes, 'aws-secrets', '..data');
  const before = realpathSync(resolved);
  aws.put(DB, 'b', 'new');
  const after = await lookAt(plan, versions);
  expect(readFileSync(path.join(before, '0'), 'utf8')).toBe('old');
  await lookAt(plan, after.versions);
  expect(() => readFileSync(path.join(before, '0'))).toThrow();
  expect(readdirSync(path.join(volumes, 'aws-secrets')).toSorted()).toHaveLength(4);
});
