/** A thousand rotations in the middle of looks, with an application that reads all the time. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/aws/calls/retry.ts';
import { RetryLog } from '../../src/aws/calls/retry-log.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { readEnvironment } from '../../src/fetcher/process/environment.ts';
import { look } from '../../src/fetcher/refresh/look.ts';
import type { Versions } from '../../src/fetcher/refresh/messages.ts';
import { withSession } from '../../src/fetcher/with-session.ts';
import { type AwsStage, inMemory, makeAwsStage } from '../fetcher/aws-stage.ts';
import { loadBuilt } from '../fetcher/bundle.ts';
import { arnOf, planOf } from '../fetcher/plans.ts';
import { startReading } from '../fetcher/set-reader.ts';
import { REFRESH, readOf } from '../fetcher/sidecar.ts';

const ROTATIONS = 1_000;
const ARN = arnOf('shop/db');
const NAMES = ['user', 'password', 'host'];
const PLAN: Plan = {
  ...planOf([ARN], { files: NAMES.map((path) => ({ path, secret: 0, key: path })) }),
  refresh: REFRESH,
};
let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage({}, inMemory());
});
afterAll(() => aws.stop());

/** Rotates the secret: the new version is pending for a moment, as while a rotation function tests it. */
async function rotateAll(): Promise<void> {
  const content = (version: number | string) =>
    JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, `${version}`])));
  const secret = aws.standIn.putSecret({ arn: ARN, value: content(0) });
  for (let version = 1; version <= ROTATIONS; version += 1) {
    secret.putValue(content('pending'), ['AWSPENDING']);
    await delay(Math.random() * 4);
    secret.putValue(content(version));
  }
}

it('a reader of three files never sees two versions mixed, nor one that is pending', {
  timeout: 60_000,
}, async () => {
  const rotated = rotateAll();
  let isRotating = true;
  void rotated.then(() => {
    isRotating = false;
  });
  const environment = readEnvironment(aws.stage.environment(PLAN), aws.stage.root);
  const log = new RetryLog(() => undefined);
  const startDeadline = () => ({ at: systemClock.now() + 60_000, signal: AbortSignal.timeout(60_000) });
  const read = readOf(PLAN);
  const context = { environment, load: loadBuilt, log, startDeadline };
  const reading = await withSession(read, context, async (session, deadline) => {
    let delivered: Versions = [null];
    const lookOnce = async () => {
      const { outcome, versions, problems } = await look(read, {
        ...{ session, delivered, engines: {}, viewsDirectory: environment.viewsDirectory },
        retries: { deadline, clock: systemClock, log },
        check: 'describe',
      });
      expect(outcome, problems[0]?.code).not.toBe('failed');
      delivered = versions;
    };
    await lookOnce();
    const stop = startReading(aws.stage.volume(), NAMES);
    while (isRotating) await lookOnce();
    await lookOnce();
    return { ok: true, value: await stop() };
  });
  expect(reading).toMatchObject({ ok: true, value: { mixed: [] } });
  const sets = reading.ok ? reading.value.sets : [];
  expect(sets).not.toContain('pending');
  expect(sets.length).toBeGreaterThan(100);
  expect(NAMES.map((name) => aws.stage.read(name).toString())).toEqual(NAMES.map(() => String(ROTATIONS)));
  // The current set and the one that it has replaced.
  const kept = readdirSync(aws.stage.volume(), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(kept.length).toBeLessThanOrEqual(2);
});
