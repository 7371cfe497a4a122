/** The built fetcher against an emulator of AWS that nobody of this project wrote. */
import tls from 'node:tls';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlanSecret } from '../../src/core/plan/plan.ts';
import { ACCOUNT, arnOf, onePlan, planOf } from '../fetcher/plans.ts';
import { Stage } from '../fetcher/stage.ts';
import { findMoto } from './moto-files.ts';
import { type MotoServer, startMoto } from './moto-server.ts';

const moto = await findMoto();
if (typeof moto === 'string') console.log(`skipped: ${moto}`);

describe.skipIf(typeof moto === 'string')('against moto', () => {
  let server: MotoServer;
  let stage: Stage;
  let client: SecretsManagerClient;
  let created = 0;

  beforeAll(async () => {
    if (typeof moto === 'string') return;
    server = await startMoto(moto, ACCOUNT);
    tls.setDefaultCACertificates([server.caPem]);
    stage = new Stage(server.caPem, { AWS_ENDPOINT_URL: server.url });
    // moto takes any token of at least four characters.
    stage.writeToken('any.token.at-all');
    client = new SecretsManagerClient({
      region: 'eu-west-1',
      endpoint: server.url,
      credentials: { accessKeyId: 'owner', secretAccessKey: 'owner' },
    });
  });
  beforeEach(() => stage.clear());
  afterAll(async () => {
    client?.destroy();
    stage?.remove();
    await server?.stop();
  });

  /** Creates a secret under a new name. */
  async function create(content: Omit<CreateSecretCommandInput, 'Name'>) {
    created += 1;
    const answer = await client.send(new CreateSecretCommand({ Name: `shop/${created}`, ...content }));
    if (answer.ARN === undefined || answer.VersionId === undefined)
      throw new TypeError('moto made no secret');
    return { arn: answer.ARN, versionId: answer.VersionId };
  }

  /** Fetches secrets into the files 0, 1, … */
  function fetchFiles(...secrets: readonly PlanSecret[]) {
    const files = secrets.map((_, secret) => ({ path: `${secret}`, secret }));
    return stage.run({ ...planOf([], { files }), secrets });
  }

  it('signs in with its STS, and reads the keys of a JSON secret', async () => {
    const { arn } = await create({ SecretString: '{"user":"u","password":"it\'s","port":5432}' });
    const before = server.log.length;
    const finished = await stage.run(
      planOf([arn], {
        env: [
          { name: 'DB_PASSWORD', secret: 0, key: 'password' },
          { name: 'DB_PORT', secret: 0, key: 'port' },
        ],
        files: [{ path: 'user', secret: 0, key: 'user' }],
      }),
    );
    expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
    expect(stage.read('env').toString()).toBe("DB_PASSWORD='it'\\''s'\nDB_PORT='5432'\n");
    expect(stage.read('user').toString()).toBe('u');
    // One call to STS, one to Secrets Manager.
    expect(server.log.slice(before).filter((line) => line.includes('"POST / HTTP'))).toHaveLength(2);
  });

  it.each([
    ['plain text', 'plain'],
    ['Unicode', 'π🙂e\u0301\u{10ffff}'],
    ['blanks and line breaks at the ends', ' \r\n a \t\n\n'],
    ['what XML and JSON escape', '<a href="x">&amp;</a>\\u0041\u2028\u0001'],
    ['the 65,536 bytes that a secret can have', 'x'.repeat(65_536)],
  ])('writes %s byte for byte', async (_name, value) => {
    const { arn } = await create({ SecretString: value });
    expect(await fetchFiles({ arn })).toMatchObject({ code: 0, stderr: '' });
    expect(stage.read('0').equals(Buffer.from(value))).toBe(true);
  });

  it.each([
    ['every byte', Uint8Array.from({ length: 1024 }, (_, index) => index % 256)],
    ['65,536 bytes', new Uint8Array(65_536).fill(0xff)],
  ])('writes binary: %s', async (_name, value) => {
    const { arn } = await create({ SecretBinary: value });
    expect(await fetchFiles({ arn })).toMatchObject({ code: 0, stderr: '' });
    expect(stage.read('0').equals(value)).toBe(true);
  });

  it('tells versions apart, by stage and by id', async () => {
    const { arn, versionId } = await create({ SecretString: 'first' });
    await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: 'second' }));
    const finished = await fetchFiles({ arn }, { arn, stage: 'AWSPREVIOUS' }, { arn, versionId });
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(['0', '1', '2'].map((file) => stage.read(file).toString())).toEqual(['second', 'first', 'first']);
  });

  it('reads many secrets at once', async () => {
    const contents = Array.from({ length: 12 }, (_, index) => `value ${index}`);
    const secrets = await Promise.all(contents.map((content) => create({ SecretString: content })));
    expect(await fetchFiles(...secrets.map(({ arn }) => ({ arn })))).toMatchObject({ code: 0, stderr: '' });
    expect(contents.map((_, index) => stage.read(`${index}`).toString())).toEqual(contents);
  });

  it('finds no unknown secret, no unknown version and no other suffix, and tells of each', async () => {
    const { arn } = await create({ SecretString: 'x' });
    const finished = await fetchFiles(
      { arn: arnOf('nobody') },
      { arn, stage: 'NOBODY' },
      { arn: `${arn.slice(0, -6)}XXXXXX` },
    );
    expect(finished.code).toBe(12);
    const problems = finished.termination.split('\n').map((line) => line.split(': ', 1)[0]);
    expect(problems.toSorted()).toEqual(
      ['0', '1', '2'].map((file) => `SECRET_NOT_FOUND secrets-injector.dev/file.${file}`),
    );
    expect(stage.listing()).toEqual([]);
  });

  it('a secret that is scheduled for deletion', async () => {
    const { arn } = await create({ SecretString: 'x' });
    await client.send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: 7 }));
    const finished = await stage.run(onePlan(arn));
    expect(finished.code).toBe(12);
    expect(finished.termination).toMatch(
      /^SECRET_DELETED secrets-injector\.dev\/file\.value: .*restore-secret/,
    );
    expect(stage.listing()).toEqual([]);
  });
});
