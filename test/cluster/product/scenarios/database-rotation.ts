/**
 * The credentials of a real PostgreSQL are rotated while pods query it all the time: the sidecar of each pod refreshes its
 * files, and the application runs the code of docs/guides/rotation-database.md.
 */
import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RotationStep } from '../../../aws-fake/index.ts';
import type { QueryLine } from '../../../rotation/application.ts';
import { bundleApplication } from '../../../rotation/bundled-application.ts';
import { type Database, findPostgres, startPostgres } from '../../../rotation/postgres.ts';
import { databaseRotator, type RotationOptions } from '../../../rotation/strategies.ts';
import { until } from '../../until.ts';
import { pod } from '../pods.ts';
import { IMAGE_NAME, IMAGE_TAG, TEST_NODE } from '../product-image.ts';
import { rotationClient } from '../rotation-client.ts';
import { arnOf, canary } from '../secrets.ts';
import type { Stage } from '../stage.ts';

const PROGRAM = 'application.mjs';
/** A refresh and some slack: the pods share two cores with other tests. */
const REFRESH = { annotation: '30s', seconds: 60 };

const programs = await findPostgres();
if (typeof programs === 'string') process.stderr.write(`rotation of a database is skipped: ${programs}\n`);

interface Application {
  /** The queries so far. */
  queries(): Promise<readonly QueryLine[]>;
  /** Waits for a successful query of the worker that connects each time. */
  connects(what: string, since: number, fits?: (line: QueryLine) => boolean): Promise<QueryLine>;
  /** @returns true if the application sees the file, or undefined */
  hasFile(file: string): Promise<true | undefined>;
  rotate(hooks?: Pick<RotationOptions, 'before' | 'after'>): Promise<void>;
}

export function databaseRotation(stage: () => Stage): void {
  describe.skipIf(typeof programs === 'string')('rotation of a database', { concurrent: true }, () => {
    let database: Database;
    let client: SecretsManagerClient;
    let program: string;

    beforeAll(async () => {
      if (typeof programs === 'string') return;
      [database, program] = await Promise.all([
        startPostgres(programs, stage().cluster.facts.bridgeAddress),
        bundleApplication(),
      ]);
      client = rotationClient(stage().aws);
    });
    afterAll(async () => {
      client?.destroy();
      await database?.stop();
    });

    /** A secret with a user, and a pod that queries with it. @param labels of the versions that it gets */
    async function start(
      user: string,
      strategy: RotationOptions['strategy'],
      labels: readonly string[] = ['AWSCURRENT'],
    ): Promise<Application> {
      const { aws } = stage();
      const namespace = await stage().namespace();
      const arn = arnOf(`${namespace}-db`);
      const lambda = `arn:aws:lambda:eu-west-1:111122223333:function:${namespace}`;
      const password = () => canary('');
      const first = password();
      await database.run(`
        CREATE ROLE ${user} WITH LOGIN PASSWORD '${first}';
        CREATE SCHEMA ${user} AUTHORIZATION ${user};
        CREATE TABLE ${user}.visits (at timestamptz DEFAULT now());
        ALTER TABLE ${user}.visits OWNER TO ${user};
      `);
      const { host, port, name: dbname } = database;
      const value = { engine: 'postgres', host, port, dbname, username: user, password: first };
      aws.putSecret({ arn, value: JSON.stringify(value) });
      await stage().mustCreate({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace, name: 'application' },
        data: { [PROGRAM]: program },
      });
      const form = labels.map((versionStage) => ({
        secret: arn,
        versionStage,
        files: { [versionStage]: {} },
        ...(versionStage !== 'AWSCURRENT' && { optional: true }),
      }));
      await stage().mustCreate(
        pod(namespace, {
          annotations: {
            // JSON is YAML.
            'secrets-injector.dev/secrets': JSON.stringify(form),
            'secrets-injector.dev/refresh': REFRESH.annotation,
          },
          containers: [
            {
              name: 'app',
              image: `${IMAGE_NAME}:${IMAGE_TAG}`,
              command: [TEST_NODE, `/application/${PROGRAM}`],
              env: [
                { name: 'DATABASE_FILES', value: labels.join(',') },
                { name: 'DATABASE_TABLE', value: `${user}.visits` },
                { name: 'QUERY_PAUSE_MS', value: '250' },
              ],
              volumeMounts: [{ name: 'application', mountPath: '/application' }],
            },
          ],
          spec: { volumes: [{ name: 'application', configMap: { name: 'application' } }] },
        }),
      );
      await stage().waitFor(namespace, 'pod/app', '{.status.phase}', 'Running');
      const queries = async () =>
        (await stage().logs(namespace, 'app'))
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line) as QueryLine);
      const application: Application = {
        queries,
        connects: (what, since, fits = () => true) =>
          until(what, { seconds: REFRESH.seconds }, async () =>
            (await queries()).find(
              (line) =>
                line.worker === 'reconnecting' && line.code === undefined && line.at >= since && fits(line),
            ),
          ),
        hasFile: async (file) => {
          const test = `process.exit(require('node:fs').existsSync('/run/secrets/aws/${file}') ? 0 : 1)`;
          const command = ['exec', 'app', '--container=app', '--', TEST_NODE, '--eval', test];
          const { status } = await stage().cluster.kubectl([`--namespace=${namespace}`, ...command]);
          return status === 0 ? true : undefined;
        },
        rotate: async (hooks = {}) => {
          const options = { client, admin: database.admin, password, strategy, ...hooks };
          aws.putRotator(lambda, databaseRotator(options));
          await client.send(new RotateSecretCommand({ SecretId: arn, RotationLambdaARN: lambda }));
          await aws.rotationsSettled();
        },
      };
      await application.connects('the first query', 0);
      return application;
    }

    const failures = async ({ queries }: Application) =>
      (await queries()).filter(({ code }) => code !== undefined);

    it('alternating users: no query fails', async () => {
      const application = await start('alternating', 'alternating-users');
      for (const user of ['alternating_clone', 'alternating', 'alternating_clone']) {
        const since = Date.now();
        await application.rotate();
        await application.connects(`a connection of ${user}`, since, (line) => line.user === user);
      }
      expect(await failures(application)).toEqual([]);
    });

    it('single user: new connections fail until the sidecar has refreshed the files', async () => {
      const application = await start('single', 'single-user');
      let changed = 0;
      const after = async (step: RotationStep) => {
        if (step !== 'setSecret') return;
        changed = Date.now();
        // The function goes on when a new connection has met the new password.
        await until('a refused connection', { seconds: 30 }, async () =>
          (await failures(application)).length > 0 ? true : undefined,
        );
      };
      await application.rotate({ after });
      await application.connects('a connection after the refresh', changed + 1000);
      const failed = await failures(application);
      expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(['28P01']));
      // A connection that exists goes on.
      expect(failed.filter(({ worker }) => worker === 'holding')).toEqual([]);
      const refused = (failed.at(-1)?.at ?? 0) - changed;
      process.stderr.write(
        `single user with refresh ${REFRESH.annotation}: connections refused within ${refused} ms\n`,
      );
    });

    it('single user, with AWSPENDING as fallback: no query fails', async () => {
      const application = await start('pending', 'single-user', ['AWSCURRENT', 'AWSPENDING']);
      // A rotation function waits for the interval and a fetch.
      const before = async (step: RotationStep) => {
        if (step !== 'setSecret') return;
        const what = 'the file of the pending version';
        await until(what, { seconds: REFRESH.seconds }, () => application.hasFile('AWSPENDING'));
      };
      await application.rotate({ before });
      await application.connects('a connection after the rotation', Date.now());
      expect(await failures(application)).toEqual([]);
    });
  });
}
