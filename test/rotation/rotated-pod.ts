/** A pod with credentials that are rotated, as processes: the sidecar that refreshes its files, and its application. */
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import path from 'node:path';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished } from 'vitest';
import type { Plan } from '../../src/core/plan/plan.ts';
import { until } from '../cluster/until.ts';
import type { AwsStage } from '../fetcher/aws-stage.ts';
import { ACCOUNT, arnOf, viewOf } from '../fetcher/plans.ts';
import { REFRESH, startSidecar } from '../fetcher/sidecar.ts';
import { ROLE_ARN } from '../fetcher/stage.ts';
import type { Database } from './postgres.ts';
import { type RunningApplication, startApplication } from './running-application.ts';
import { databaseRotator, type RotationOptions } from './strategies.ts';

const OWNER = `arn:aws:iam::${ACCOUNT}:role/rotation`;
const LAMBDA = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:rotate`;
const ARN = arnOf('shop/db');
const LOOK_SECONDS = 0.5;

export interface Surroundings {
  readonly aws: AwsStage;
  readonly database: Database;
  /** The file of the application. */
  readonly program: string;
}

export interface PodOptions {
  /** The labels of the versions in its files. */
  readonly stages?: readonly string[];
  /** Whether it has a sidecar. */
  readonly isRefreshed?: boolean;
}

export interface RotatedPod {
  readonly application: RunningApplication;
  /** Rotates the secret, with all four steps. @param hooks of the rotation function */
  rotate(hooks?: Pick<RotationOptions, 'before' | 'after'>): Promise<void>;
  /** Waits until the files have every version that has a value. */
  refreshed(): Promise<void>;
  /** Waits until the sidecar has looked for new versions this many times. */
  looks(count: number): Promise<void>;
}

/** Starts it with a new user of the database. Everything ends with the test. */
export async function startRotatedPod(
  { aws, database, program }: Surroundings,
  user: string,
  rotation: Pick<RotationOptions, 'strategy' | 'publish'>,
  { stages = ['AWSCURRENT'], isRefreshed = true }: PodOptions = {},
): Promise<RotatedPod> {
  const { standIn, stage } = aws;
  await database.run(`
    CREATE ROLE ${user} WITH LOGIN PASSWORD 'first';
    DROP TABLE IF EXISTS visits;
    CREATE TABLE visits (at timestamptz DEFAULT now());
    ALTER TABLE visits OWNER TO ${user};
  `);
  const { host, port, name: dbname } = database;
  const first = { engine: 'postgres', host, port, dbname, username: user, password: 'first' };
  const secret = standIn.putSecret({ arn: ARN, value: JSON.stringify(first) });
  standIn.putRole({ arn: OWNER, subjects: [], allow: ['arn:aws:secretsmanager:*'] });
  const client = new SecretsManagerClient({
    region: 'eu-west-1',
    endpoint: standIn.url,
    credentials: standIn.startSession(OWNER),
    requestHandler: { httpsAgent: new Agent({ ca: standIn.caPem, keepAlive: true }) },
  });
  onTestFinished(() => client.destroy());
  const plan = planFor(stages);
  expect(await stage.run(plan)).toMatchObject({ code: 0, stderr: '' });
  if (isRefreshed) {
    const sidecar = startSidecar(stage, { ...plan, refresh: REFRESH }, { seconds: LOOK_SECONDS });
    onTestFinished(async () => {
      await sidecar.end();
    });
  }
  const application = startApplication(program, stage.volume(), stages);
  onTestFinished(() => application.stop());
  await application.moreQueries(3);
  const currentOf = (label: string) =>
    secret.versions.find((version) => version.stages.includes(label))?.value;
  const fileOf = (label: string) => {
    const file = path.join(stage.volume(), label);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  const described = () =>
    standIn.requests.filter(
      ({ operation, roleArn }) => operation === 'DescribeSecret' && roleArn === ROLE_ARN,
    ).length;
  return {
    application,
    rotate: async (hooks = {}) => {
      standIn.putRotator(LAMBDA, databaseRotator({ client, admin: database.admin, ...rotation, ...hooks }));
      await client.send(new RotateSecretCommand({ SecretId: ARN, RotationLambdaARN: LAMBDA }));
      await standIn.rotationsSettled();
      expect(standIn.events.at(-1)?.detail['eventName']).toBe('RotationSucceeded');
    },
    refreshed: () =>
      until('the files of the sidecar', { seconds: 60 }, () =>
        stages.every((label) => fileOf(label) === currentOf(label)) ? true : undefined,
      ).then(() => undefined),
    looks: async (count) => {
      const goal = described() + count;
      await until('looks', { seconds: 60 }, () => (described() >= goal ? true : undefined));
    },
  };
}

/** A file for each label. There is no AWSPENDING or AWSPREVIOUS before the first rotation. */
function planFor(stages: readonly string[]): Plan {
  const files = stages.map((path, secret) =>
    path === 'AWSCURRENT' ? { path, secret } : { path, secret, optional: true as const },
  );
  return {
    version: 1,
    timeoutSeconds: 20,
    secrets: stages.map((stage) => ({ arn: ARN, stage })),
    views: [viewOf({ files })],
  };
}
