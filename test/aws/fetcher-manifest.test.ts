/** The manifest file, as the program writes it. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SecretHandle } from '../aws-fake/index.ts';
import { planFor } from '../fetcher/asked-plan.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { arnOf } from '../fetcher/plans.ts';

const DB = arnOf('shop/db');
const RAW = arnOf('shop/raw');
const FILE = '.manifest.json';
const ANNOTATIONS = {
  'manifest-file': 'true',
  'env-mode': 'file',
  containers: 'app',
  'secret.db': DB,
  'env.USER_NAME': 'db:user',
  'file.raw': `${RAW}::AWSPREVIOUS`,
  secrets: JSON.stringify([
    { secret: 'db', failover: ['us-east-1'], filesFrom: { directory: 'db' }, containers: ['other'] },
    { secret: arnOf('shop/none'), optional: true, files: { none: {} }, containers: ['other'] },
  ]),
};
const PLAN = planFor(ANNOTATIONS);

let aws: AwsStage;
let db: SecretHandle;
let raw: SecretHandle;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  db = aws.standIn.putSecret({ arn: DB, value: '{"user":"u","password":"p"}' });
  raw = aws.standIn.putSecret({
    arn: RAW,
    versions: [
      { stages: ['AWSCURRENT'], value: 'new' },
      { stages: ['AWSPREVIOUS', 'other'], value: 'old' },
    ],
  });
});
afterAll(() => aws.stop());

interface Manifest {
  readonly version: number;
  readonly time: string;
  readonly secrets: readonly Readonly<Record<string, unknown>>[];
}

function manifestOf(volume = 'aws-secrets'): Manifest {
  return JSON.parse(aws.stage.read(FILE, volume).toString());
}

async function run(): Promise<string> {
  const { code, stdout, stderr, termination } = await aws.stage.run(PLAN);
  expect([code, stderr, termination]).toEqual([0, '', '']);
  return stdout;
}

it('lists the secrets, versions and keys of its view', async () => {
  const before = new Date().toISOString();
  expect(await run()).toMatch(/^wrote 6 files from 4 secrets in \d+ ms\n/);
  const { version, time, secrets } = manifestOf();
  const current = { region: 'eu-west-1', versionId: db.versions[0]?.id, stages: ['AWSCURRENT'] };
  expect(version).toBe(1);
  expect(time >= before && time <= new Date().toISOString()).toBe(true);
  const old = { region: 'eu-west-1', versionId: raw.versions[1]?.id, stages: ['AWSPREVIOUS', 'other'] };
  expect(secrets).toEqual([
    { arn: DB, ...current, keys: ['user'] },
    { arn: RAW, ...old, keys: [] },
  ]);
  expect(manifestOf('aws-secrets-1').secrets).toEqual([{ arn: DB, ...current, keys: ['user', 'password'] }]);
  const { mode } = statSync(path.join(aws.stage.volume(), FILE));
  expect((mode & 0o777).toString(8)).toBe('444');
});

it('is not written again because of the time alone', async () => {
  await run();
  const before = manifestOf();
  const listing = aws.stage.listing();
  expect(await run()).toMatch(/^kept 6 files from 4 secrets/);
  expect([manifestOf(), aws.stage.listing()]).toEqual([before, listing]);
});

it('is written again with a new version, in the views that have it', async () => {
  await run();
  const before = manifestOf('aws-secrets-1');
  // The same value: only the version differs.
  const { id } = raw.putValue('old', ['AWSPREVIOUS']);
  expect(await run()).toMatch(/^wrote/);
  expect(manifestOf().secrets[1]).toMatchObject({ versionId: id, stages: ['AWSPREVIOUS'] });
  expect(manifestOf().time > before.time).toBe(true);
  expect(manifestOf('aws-secrets-1')).toEqual(before);
});

it('names the Region of a replica, and so do the log and the message of the container', async () => {
  const replica = aws.standIn.putSecret({ arn: arnOf('shop/db', 'us-east-1'), value: '{"user":"r"}' });
  aws.standIn.script('GetSecretValue', {
    kind: 'hang',
    region: 'eu-west-1',
    times: 'forever',
    secretId: DB,
  });
  const onlyForm = planFor({ 'manifest-file': 'true', secrets: ANNOTATIONS.secrets, 'secret.db': DB });
  const { code, stdout, stderr, termination } = await aws.stage.run({ ...onlyForm, timeoutSeconds: 6 });
  expect(code).toBe(0);
  const why = 'eu-west-1: timeout: no answer in time';
  expect(stderr).toBe(`Secrets Manager in ${why}; using us-east-1 instead\n`);
  const told = `read 1 secret from replicas in us-east-1, because of ${why}`;
  expect(stdout).toMatch(/^wrote \d files from 2 secrets in \d+ ms\n/);
  expect([stdout.split('\n')[1], termination]).toEqual([told, told]);
  expect(aws.stage.read('db/user').toString()).toBe('r');
  expect(manifestOf().secrets).toEqual([
    {
      arn: DB,
      region: 'us-east-1',
      versionId: replica.versions[0]?.id,
      stages: ['AWSCURRENT'],
      keys: ['user'],
    },
  ]);
});

it('is removed with the option', async () => {
  await run();
  const plan = planFor({ ...ANNOTATIONS, 'manifest-file': 'false' });
  expect((await aws.stage.run(plan)).code).toBe(0);
  expect(aws.stage.listing()).not.toContain(FILE);
});
