/** The processes of the sidecar: the first run, looks, probes, and the end. */
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';
import { REFRESH, type Sidecar, startFetch, startSidecar } from '../fetcher/sidecar.ts';

const ARN = arnOf('shop/db');
const PLAN = { ...onePlan(ARN), refresh: REFRESH };
let aws: AwsStage;
let sidecar: Sidecar | undefined;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(() => aws.reset());
afterEach(async () => {
  await sidecar?.end('SIGKILL');
});
afterAll(() => aws.stop());

it('the first run continues as the sidecar, which ends at once with SIGTERM', async () => {
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startFetch(aws.stage, PLAN);
  const { pid } = sidecar.child;
  await sidecar.line({ msg: 'fetch ended', outcome: 'wrote' });
  expect(await sidecar.line({ msg: 'refresh started' })).toMatchObject({ seconds: 30, secrets: 1 });
  expect(sidecar.child.pid).toBe(pid);
  expect(aws.stage.read('value').toString()).toBe('old');
  expect([await sidecar.probe('started'), await sidecar.probe('fresh')]).toEqual([0, 0]);
  expect(await sidecar.end()).toEqual([0, null]);
  expect([await sidecar.probe('started'), await sidecar.probe('fresh')]).toEqual([1, 1]);
  expect(sidecar.output()).not.toMatch(/warning/i);
});

it('a new version is in the files after the next look', async () => {
  const secret = aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startSidecar(aws.stage, PLAN, {});
  await sidecar.line({ msg: 'refreshed', outcome: 'wrote' });
  const replaced = readlinkSync(path.join(aws.stage.volume(), '..data'));
  expect(aws.stage.read('value').toString()).toBe('old');
  const { id } = secret.putValue('new');
  const seen = sidecar.lines.length;
  const line = await sidecar.line({ msg: 'refreshed' }, seen);
  expect(line).toMatchObject({ outcome: 'wrote', versions: [{ arn: ARN, versionId: id }] });
  expect(aws.stage.read('value').toString()).toBe('new');
  expect(replaced).not.toBe(readlinkSync(path.join(aws.stage.volume(), '..data')));
});
