/**
 * Rotations of the credentials of a real PostgreSQL, by both strategies of AWS: a rotation function changes secret and
 * database, the built sidecar refreshes the files, and an application with the code of the guide queries all the time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RotationStep } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { bundleApplication } from '../rotation/bundled-application.ts';
import { type Database, findPostgres, startPostgres } from '../rotation/postgres.ts';
import { startRotatedPod } from '../rotation/rotated-pod.ts';
import { failuresOf } from '../rotation/running-application.ts';

const programs = await findPostgres();
if (typeof programs === 'string') console.log(`skipped: ${programs}`);

// A rotation takes half a second, and much longer on a machine that runs other tests.
describe.skipIf(typeof programs === 'string')('rotation of a database', { timeout: 180_000 }, () => {
  let database: Database;
  let aws: AwsStage;
  let folder: string;
  let program: string;

  beforeAll(async () => {
    if (typeof programs === 'string') return;
    folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-rotation-'));
    program = path.join(folder, 'application.mjs');
    const [text, started, stage] = await Promise.all([
      bundleApplication(),
      startPostgres(programs),
      makeAwsStage(),
    ]);
    writeFileSync(program, text);
    database = started;
    aws = stage;
  });
  afterAll(async () => {
    await aws?.stop();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => aws.reset());

  const start = (
    ...given: Parameters<typeof startRotatedPod> extends [unknown, ...infer Rest] ? Rest : never
  ) => startRotatedPod({ aws, database, program }, ...given);

  it('alternating users: no query fails', async () => {
    const { application, refreshed, rotate } = await start('shop', { strategy: 'alternating-users' });
    for (let rotation = 0; rotation < 6; rotation += 1) {
      await rotate();
      await application.moreQueries(1);
      await refreshed();
      await application.moreQueries(1);
    }
    expect(failuresOf(application)).toEqual([]);
    expect(new Set(application.queries.map(({ user }) => user))).toEqual(new Set(['shop', 'shop_clone']));
  });

  it('alternating users: without a refresh between two rotations, new connections fail', async () => {
    const { application, rotate } = await start(
      'late',
      { strategy: 'alternating-users' },
      { isRefreshed: false },
    );
    await rotate();
    await application.moreQueries(1);
    expect(failuresOf(application)).toEqual([]);
    await rotate();
    await application.moreQueries(1);
    expect(failuresOf(application)).not.toEqual([]);
  });

  it('single user: new connections fail from the change of the database until the refresh', async () => {
    // AWSPREVIOUS does not help here: the database is ahead of both versions.
    const stages = ['AWSCURRENT', 'AWSPREVIOUS'];
    const { application, refreshed, rotate } = await start('single', { strategy: 'single-user' }, { stages });
    let changed = 0;
    const after = async (step: RotationStep) => {
      if (step !== 'setSecret') return;
      changed = Date.now();
      // The function goes on when new connections have met the new password.
      await application.moreQueries(2);
    };
    await rotate({ after });
    await refreshed();
    await application.moreQueries(2);
    const before = failuresOf(application).length;
    await rotate({ after });
    await refreshed();
    await application.moreQueries(2);
    const settled = application.queries.length;
    await application.moreQueries(3);

    const failures = failuresOf(application).slice(before);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['28P01']));
    // A connection that exists goes on.
    expect(failures.filter(({ worker }) => worker === 'holding')).toEqual([]);
    expect(application.queries.slice(settled).filter(({ code }) => code !== undefined)).toEqual([]);
    const refused = (failures.at(-1)?.at ?? 0) - changed;
    console.log(`single user: ${failures.length} connections refused within ${refused} ms`);
  });

  it('single user, AWSCURRENT first: with AWSPREVIOUS as fallback, no query fails', async () => {
    const { application, refreshed, rotate } = await start(
      'published',
      { strategy: 'single-user', publish: 'first' },
      { stages: ['AWSCURRENT', 'AWSPREVIOUS'] },
    );
    // The function waits until every pod has both versions.
    const before = async (step: RotationStep) => {
      if (step !== 'setSecret') return;
      await application.moreQueries(1);
      await refreshed();
      await application.moreQueries(1);
    };
    for (let rotation = 0; rotation < 2; rotation += 1) {
      await rotate({ before });
      await application.moreQueries(1);
    }
    expect(failuresOf(application)).toEqual([]);
  });

  it('single user, in the order of AWS: with AWSPENDING as fallback, no query fails', async () => {
    const { application, refreshed, looks, rotate } = await start(
      'pending',
      { strategy: 'single-user' },
      { stages: ['AWSCURRENT', 'AWSPENDING'] },
    );
    const before = async (step: RotationStep) => {
      // The version has its label before it has a value.
      if (step === 'createSecret') await looks(2);
      if (step !== 'setSecret') return;
      await refreshed();
      await application.moreQueries(1);
    };
    for (let rotation = 0; rotation < 2; rotation += 1) {
      await rotate({ before });
      await application.moreQueries(1);
      await refreshed();
      await application.moreQueries(1);
    }
    expect(failuresOf(application)).toEqual([]);
  });
});
