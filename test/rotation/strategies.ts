/**
 * Rotation functions for PostgreSQL that do in each step what AWS's templates do: SecretsManagerRDSPostgreSQLRotation-
 * SingleUser and -MultiUser. The tests run them against the AWS fake.
 */
import { randomBytes } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import type { RotationRequest, RotationStep, Rotator } from '../aws-fake/index.ts';

/** The value of a secret, as AWS describes it for PostgreSQL. */
export interface Credentials {
  readonly engine: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
  readonly username: string;
  readonly password: string;
}

export interface RotationOptions {
  readonly client: SecretsManagerClient;
  readonly strategy: 'single-user' | 'alternating-users';
  /** The other secret of the alternating users strategy, with rights to change users. */
  readonly admin: pg.ClientConfig;
  /**
   * When AWSCURRENT moves: at the end, as in AWS's templates, or before the database learns the password, as in a function
   * of one's own.
   */
  readonly publish?: 'last' | 'first';
  /** What the function does before a step, such as waiting for consumers. */
  readonly before?: (step: RotationStep) => Promise<void> | void;
  /** Makes a password. Default: hexadecimal digits. */
  readonly password?: () => string;
  /** Called after each step. */
  readonly after?: (step: RotationStep) => Promise<void> | void;
}

/** A rotation function. */
export function databaseRotator(options: RotationOptions): Rotator {
  const steps: Readonly<Record<RotationStep, (request: RotationRequest) => Promise<void>>> = {
    createSecret: async (request) => {
      await createSecret(options, request);
      if (options.publish === 'first') await moveCurrent(options.client, request);
    },
    setSecret: (request) => setSecret(options, request),
    testSecret: async (request) => {
      await logIn(await read(options.client, request, 'AWSPENDING'));
    },
    finishSecret: async (request) => {
      if (options.publish !== 'first') await moveCurrent(options.client, request);
    },
  };
  return async (request) => {
    await options.before?.(request.Step);
    await steps[request.Step](request);
    await options.after?.(request.Step);
  };
}

async function createSecret(options: RotationOptions, request: RotationRequest): Promise<void> {
  const { client, strategy, password = randomPassword } = options;
  const current = await read(client, request, 'AWSCURRENT');
  // The step may have run before: then the version has its value.
  if (await read(client, request, 'AWSPENDING').catch(() => undefined)) return;
  const username = strategy === 'alternating-users' ? otherUser(current.username) : current.username;
  const pending: Credentials = { ...current, username, password: password() };
  const { SecretId, ClientRequestToken } = request;
  const SecretString = JSON.stringify(pending);
  const VersionStages = ['AWSPENDING'];
  await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString, VersionStages }));
}

async function setSecret(options: RotationOptions, request: RotationRequest): Promise<void> {
  const { client, strategy, admin } = options;
  const pending = await read(client, request, 'AWSPENDING');
  if (await logIn(pending).then(isDone, () => false)) return;
  const password = pg.escapeLiteral(pending.password);
  const user = pg.escapeIdentifier(pending.username);
  if (strategy === 'single-user') {
    // The user changes its own password, with the credentials that still work.
    const stage = options.publish === 'first' ? 'AWSPREVIOUS' : 'AWSCURRENT';
    const working = await read(client, request, stage);
    await execute(configOf(working), `ALTER USER ${user} WITH PASSWORD ${password}`);
    return;
  }
  const template = pg.escapeIdentifier(otherUser(pending.username));
  const known = await execute(
    admin,
    `SELECT 1 FROM pg_roles WHERE rolname = ${pg.escapeLiteral(pending.username)}`,
  );
  await execute(
    admin,
    known === 0
      ? `CREATE ROLE ${user} WITH LOGIN PASSWORD ${password}; GRANT ${template} TO ${user}`
      : `ALTER USER ${user} WITH PASSWORD ${password}`,
  );
}

/** Moves AWSCURRENT to the new version; AWSPREVIOUS follows. */
async function moveCurrent(client: SecretsManagerClient, request: RotationRequest): Promise<void> {
  const { SecretId, ClientRequestToken: MoveToVersionId } = request;
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const current = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'));
  if (current?.[0] === MoveToVersionId) return;
  const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId, RemoveFromVersionId: current?.[0] };
  await client.send(new UpdateSecretVersionStageCommand(move));
}

async function read(
  client: SecretsManagerClient,
  { SecretId, ClientRequestToken }: RotationRequest,
  VersionStage: string,
): Promise<Credentials> {
  const version = VersionStage === 'AWSPENDING' ? { VersionId: ClientRequestToken } : {};
  const answer = await client.send(new GetSecretValueCommand({ SecretId, VersionStage, ...version }));
  return JSON.parse(answer.SecretString ?? '') as Credentials;
}

const otherUser = (name: string) =>
  name.endsWith('_clone') ? name.slice(0, -'_clone'.length) : `${name}_clone`;
// AWS's templates exclude /@"'\ by default.
const randomPassword = () => randomBytes(16).toString('hex');
const isDone = () => true;
const logIn = (credentials: Credentials) => execute(configOf(credentials), 'SELECT now()');

function configOf({ host, port, dbname, username, password }: Credentials): pg.ClientConfig {
  return { host, port, database: dbname, user: username, password };
}

/** Runs statements in a connection of their own. @returns the number of rows of the last one */
async function execute(config: pg.ClientConfig, statements: string): Promise<number> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    const result = await client.query(statements);
    return result.rowCount ?? 0;
  } finally {
    await client.end();
  }
}
