/** A role and a secret of another account: the built fetcher against moto, where credentials decide about the account. */
import tls from 'node:tls';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/nested-clients/sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onePlan } from '../fetcher/plans.ts';
import { Stage, type Variables } from '../fetcher/stage.ts';
import { findMoto } from './moto-files.ts';
import { type MotoServer, startMoto } from './moto-server.ts';

const OWNER = '444455556666';
const READER = `arn:aws:iam::${OWNER}:role/reader`;
const ASSUMES: Variables = {
  SECRETS_INJECTOR_SERVICE_ACCOUNT: 'shop/web',
  SECRETS_INJECTOR_POD_NAME: 'web-0',
  SECRETS_INJECTOR_ASSUME_ROLE_ARN: READER,
  SECRETS_INJECTOR_EXTERNAL_ID: 'contract-7',
};

const moto = await findMoto();
if (typeof moto === 'string') console.log(`skipped: ${moto}`);

describe.skipIf(typeof moto === 'string')('two accounts of moto', () => {
  let server: MotoServer;
  let stage: Stage;
  let arn = '';

  beforeAll(async () => {
    if (typeof moto === 'string') return;
    server = await startMoto(moto, undefined);
    tls.setDefaultCACertificates([server.caPem]);
    stage = new Stage(server.caPem, { AWS_ENDPOINT_URL: server.url });
    stage.writeToken('any.token.at-all');
    arn = await createInOwner(server.url);
  });
  afterAll(async () => {
    stage?.remove();
    await server?.stop();
  });

  it('the fetcher assumes the role, and reads the secret of its account', async () => {
    expect(await stage.run(onePlan(arn), ASSUMES)).toMatchObject({ code: 0, stderr: '' });
    expect(stage.read('value').toString()).toBe('of the other account');
  });

  it('without the role, the secret is not found', async () => {
    stage.clear();
    expect((await stage.run(onePlan(arn))).termination).toMatch(/^SECRET_NOT_FOUND /);
  });
});

/** Creates a secret with credentials of the other account. @returns its ARN */
async function createInOwner(endpoint: string): Promise<string> {
  const region = 'eu-west-1';
  const sts = new STSClient({
    region,
    endpoint,
    credentials: { accessKeyId: 'own', secretAccessKey: 'own' },
  });
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn: READER, RoleSessionName: 'owner' }),
  );
  sts.destroy();
  const client = new SecretsManagerClient({
    region,
    endpoint,
    credentials: {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
    },
  });
  const { ARN = '' } = await client.send(
    new CreateSecretCommand({ Name: 'shared/db', SecretString: 'of the other account' }),
  );
  client.destroy();
  expect(ARN).toContain(`:${OWNER}:secret:shared/db-`);
  return ARN;
}
