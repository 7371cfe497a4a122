/** The fake's staging labels and queue beside those of an emulator that nobody of this project wrote. */
import { Agent } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandIn, startStandIn } from '../aws-fake/index.ts';
import { ACCOUNT, arnOf } from '../fetcher/plans.ts';
import { findMoto } from './moto-files.ts';
import { type MotoServer, startMoto } from './moto-server.ts';
import { queueSteps, rotationSteps, type Step } from './rotation-scenario.ts';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/owner`;
const region = 'eu-west-1';

// Where moto differs from AWS's API reference. Its RotateSecret is not compared: it moves AWSCURRENT by itself, to a
// version without a value, or needs a container engine for the Lambda function.
const MOTO_ROTATION = {
  // It remembers a default version, which UpdateSecretVersionStage does not change.
  'read AWSCURRENT by default': 'one of first',
  // AWS: "You can only move staging label AWSCURRENT to a different secret version."
  'remove AWSCURRENT': 'done',
  'labels after: remove AWSCURRENT': ['second: BLUE', 'third: AWSPREVIOUS'],
};
const MOTO_QUEUE = {
  // The handle is a valid one of a message that no longer exists.
  'hide what is deleted': 'ReceiptHandleIsInvalid',
};

/** What moto says where it differs. */
function differences(ours: readonly Step[], theirs: readonly Step[]): Readonly<Record<string, unknown>> {
  expect(ours.map(([what]) => what)).toEqual(theirs.map(([what]) => what));
  const own = new Map(ours);
  return Object.fromEntries(theirs.filter(([what, result]) => !isDeepStrictEqual(result, own.get(what))));
}

const moto = await findMoto();
if (typeof moto === 'string') console.log(`skipped: ${moto}`);

describe.skipIf(typeof moto === 'string')('the fake and moto', () => {
  let server: MotoServer;
  let aws: StandIn;

  beforeAll(async () => {
    if (typeof moto === 'string') return;
    server = await startMoto(moto, ACCOUNT);
    aws = await startStandIn();
    aws.putRole({ arn: ROLE, subjects: [], allow: ['*'] });
  });
  afterAll(async () => {
    await aws?.stop();
    await server?.stop();
  });

  const trusting = (ca: string) => ({ httpsAgent: new Agent({ ca }) });
  const ofMoto = () => ({
    region,
    endpoint: server.url,
    requestHandler: trusting(server.caPem),
    credentials: { accessKeyId: 'owner', secretAccessKey: 'owner' },
  });
  const ofFake = () => ({
    region,
    endpoint: aws.url,
    requestHandler: trusting(aws.caPem),
    credentials: aws.startSession(ROLE),
  });

  it('rotate a secret in the same way', async () => {
    const other = new SecretsManagerClient(ofMoto());
    const { ARN = '' } = await other.send(new CreateSecretCommand({ Name: 'shop/db', SecretString: 'one' }));
    const theirs = await rotationSteps(other, ARN);
    other.destroy();
    const client = new SecretsManagerClient(ofFake());
    const ours = await rotationSteps(client, aws.putSecret({ arn: arnOf('shop/db'), value: 'one' }).arn);
    client.destroy();
    expect(differences(ours, theirs)).toEqual(MOTO_ROTATION);
  });

  it('deliver a message in the same way', async () => {
    const other = new SQSClient(ofMoto());
    const { QueueUrl = '' } = await other.send(new CreateQueueCommand({ QueueName: 'changes' }));
    const theirs = await queueSteps(other, QueueUrl);
    other.destroy();
    const client = new SQSClient(ofFake());
    const queue = aws.putQueue({ arn: `arn:aws:sqs:${region}:${ACCOUNT}:changes` });
    const ours = await queueSteps(client, queue.url);
    client.destroy();
    expect(differences(ours, theirs)).toEqual(MOTO_QUEUE);
  });
});
