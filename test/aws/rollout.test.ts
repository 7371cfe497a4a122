/** The rollout controller's calls to AWS, against the fake: sign-in, DescribeSecret and the queue. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { AwsAccess } from '../../src/rollout/aws/access.ts';
import { openQueue, parseQueueUrl, type Queue } from '../../src/rollout/aws/queue.ts';
import { readMessage } from '../../src/rollout/changes/message.ts';
import { type SecretHandle, type StandIn, startStandIn } from '../aws-fake/index.ts';

const REGION = 'eu-west-1';
const ROLE = 'arn:aws:iam::111122223333:role/rollout';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf';
const OTHER = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:other/db-AbCdEf';
const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:secret-changes';

interface Stage {
  readonly secret: SecretHandle;
  readonly aws: StandIn;
  readonly access: AwsAccess;
  readonly queue: Queue;
  readonly signal: AbortSignal;
}

/** The fake with a secret and a queue that gets its events, and the access of a controller with a token. */
async function start(): Promise<Stage> {
  const aws = await startStandIn();
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-rollout-'));
  const stop = new AbortController();
  aws.putRole({
    arn: ROLE,
    subjects: ['system:serviceaccount:aws-secrets-injector:*'],
    allow: ['arn:aws:secretsmanager:*:111122223333:secret:shop/*', 'arn:aws:sqs:*:111122223333:*'],
  });
  const secret = aws.putSecret({ arn: SECRET, value: 'one' });
  const { url } = aws.putQueue({ arn: QUEUE, visibilityTimeout: 60 });
  aws.putEventRule({ queueArn: QUEUE, matches: (event) => event['detail-type'] === 'Secret Label Updated' });
  const token = path.join(folder, 'token');
  writeFileSync(
    token,
    await aws.issueToken({
      namespace: 'aws-secrets-injector',
      serviceAccount: 'aws-secrets-injector-rollout',
    }),
  );
  const access = AwsAccess.open(
    {
      AWS_ROLE_ARN: ROLE,
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: aws.url,
      SECRETS_INJECTOR_CA_BUNDLE: aws.caPem,
    },
    REGION,
    { stop: stop.signal, write: () => {} },
  );
  if (!access.ok) throw new Error(access.problem.wrong);
  const parsed = parseQueueUrl(url);
  if (parsed === undefined) throw new Error(`not the URL of a queue: ${url}`);
  const queue = openQueue(parsed, REGION, access.value);
  onTestFinished(async () => {
    stop.abort();
    queue.close();
    access.value.close();
    await aws.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { secret, aws, access: access.value, queue, signal: stop.signal };
}

it('describes versions by staging label, with one sign-in', async () => {
  const { aws, access, secret } = await start();
  const first = aws.requests.length;
  const described = await access.describe(SECRET);
  expect(described).toMatchObject({ kind: 'found' });
  const { id } = secret.putValue('two');
  const again = await access.describe(SECRET);
  if (again.kind !== 'found' || described.kind !== 'found') throw new Error('not found');
  expect(again.stages.get('AWSCURRENT')).toBe(id);
  expect(again.stages.get('AWSPREVIOUS')).toBe(described.stages.get('AWSCURRENT'));
  const operations = aws.requests.slice(first).map(({ operation }) => operation);
  expect(operations.filter((one) => one === 'AssumeRoleWithWebIdentity')).toHaveLength(1);
  // Values are never read.
  expect(operations).not.toContain('GetSecretValue');
});

it.each([
  ['that the role may not describe', OTHER, { code: 'AccessDeniedException', isGone: false }],
  ['that does not exist', SECRET.replace('db-', 'no-'), { isGone: true }],
  ['whose ARN is not valid', 'arn:aws:s3:::x', { isGone: true }],
])('a secret %s is a failure', async (_what, arn, expected) => {
  const { aws, access } = await start();
  aws.putSecret({ arn: OTHER, value: 'x' });
  expect(await access.describe(arn)).toMatchObject({ kind: 'failed', ...expected });
});

it('signs in again when the session has expired', async () => {
  const { aws, access } = await start();
  expect((await access.describe(SECRET)).kind).toBe('found');
  aws.script('DescribeSecret', {
    kind: 'custom',
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: '{"__type":"ExpiredTokenException","message":"expired"}',
  });
  expect((await access.describe(SECRET)).kind).toBe('found');
  expect(aws.requests.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity')).toHaveLength(2);
});

it('receives the events of a change, and deletes them', async () => {
  const { secret, queue, signal } = await start();
  const waiting = queue.receive(signal);
  const { id } = secret.putValue('two');
  const [message, ...others] = await waiting;
  expect(others).toEqual([]);
  expect(readMessage(message?.body ?? '', Date.now())).toEqual({
    arn: SECRET,
    stage: 'AWSCURRENT',
    versionId: id,
  });
  expect(await queue.remove([message?.receipt ?? ''], signal)).toBe(0);
  secret.putValue('three');
  const next = await queue.receive(signal);
  expect(next).toHaveLength(1);
});

it('a failure of the queue has a code, and no text of AWS', async () => {
  const { access, signal } = await start();
  const url = parseQueueUrl(`${access.environment.endpoints.secretsManager}/111122223333/missing`);
  if (url === undefined) throw new Error('not the URL of a queue');
  const queue = openQueue(url, REGION, access);
  const failure = await queue.receive(signal).catch((error: unknown) => error);
  expect(access.explain(failure)).toMatch(/^HTTP 400 [\w.]*(?:QueueDoesNotExist|NonExistentQueue)$/);
});

it('without an identity, the problem says so', () => {
  const opened = AwsAccess.open({}, REGION, { stop: new AbortController().signal, write: () => {} });
  expect(opened).toMatchObject({ ok: false, problem: { code: 'IDENTITY_MISSING' } });
});
