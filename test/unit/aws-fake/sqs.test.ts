import { Agent } from 'node:https';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { QueueInput } from '../../aws-fake/index.ts';
import { DB_ARN, REGION, ROLE_ARN, SHOP_ROLE, startAccount } from './account.ts';

const QUEUE_ARN = 'arn:aws:sqs:eu-west-1:111122223333:secret-changes';

/** A queue, a client that may use it, and a clock that the test moves. */
async function startQueue(options: Omit<QueueInput, 'arn'> = {}) {
  let ahead = 0;
  const aws = await startAccount({ now: () => Date.now() + ahead });
  aws.putRole({ ...SHOP_ROLE, allow: [...SHOP_ROLE.allow, 'arn:aws:sqs:*:111122223333:*'] });
  const queue = aws.putQueue({ arn: QUEUE_ARN, ...options });
  const client = new SQSClient({
    region: REGION,
    endpoint: aws.url,
    maxAttempts: 1,
    credentials: aws.startSession(ROLE_ARN, 'shop.web'),
    requestHandler: { httpsAgent: new Agent({ ca: aws.caPem, keepAlive: true }) },
  });
  onTestFinished(() => client.destroy());
  const QueueUrl = queue.url;
  const receive = async (input: Partial<ReceiveMessageCommandInput> = {}): Promise<readonly Message[]> =>
    (await client.send(new ReceiveMessageCommand({ QueueUrl, ...input }))).Messages ?? [];
  return {
    aws,
    queue,
    client,
    QueueUrl,
    receive,
    delete: (ReceiptHandle = '') => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
    hide: (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })),
    pass: (seconds: number) => {
      ahead += seconds * 1000;
    },
  };
}

describe('ReceiveMessage', () => {
  test('returns the messages of a rule, once until their visibility timeout', async () => {
    const { aws, queue, receive, pass, ...calls } = await startQueue({ visibilityTimeout: 60 });
    aws.putEventRule({
      queueArn: QUEUE_ARN,
      matches: (event) => event['detail-type'] === 'Secret Label Updated',
    });
    const { id } = aws.putSecret({ arn: DB_ARN, value: 'one' }).putValue('two');
    const [message] = await receive({ MessageSystemAttributeNames: ['All'] });
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ detail: { versionId: id }, resources: [DB_ARN] });
    expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1' });
    expect(await receive()).toEqual([]);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 1 });
    pass(61);
    const [again] = await receive({ MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(again?.MessageId).toBe(message?.MessageId);
    expect(again?.Attributes).toEqual({ ApproximateReceiveCount: '2' });
    // The former receipt handle no longer deletes the message.
    await calls.delete(message?.ReceiptHandle);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 1 });
    await calls.delete(again?.ReceiptHandle);
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0 });
    // Twice is fine.
    await calls.delete(again?.ReceiptHandle);
  });

  // With less time than the whole wait.
  test('waits for a message', { timeout: 15_000 }, async () => {
    const { aws, queue, receive } = await startQueue();
    const received = receive({ WaitTimeSeconds: 20 });
    await expect.poll(() => aws.requests.length).toBe(1);
    queue.send('late');
    expect((await received)[0]?.Body).toBe('late');
  });

  test('waits for a hidden message to reappear', { timeout: 15_000 }, async () => {
    const { queue, receive, hide } = await startQueue();
    queue.send('again');
    const [message] = await receive();
    const received = receive({ WaitTimeSeconds: 20 });
    await hide(message?.ReceiptHandle, 0);
    expect((await received)[0]?.MessageId).toBe(message?.MessageId);
  });

  test('ends its wait without a message, and at once if the client disconnects', async () => {
    const { aws, client, queue, QueueUrl, receive } = await startQueue({ waitTime: 1 });
    expect(await receive()).toEqual([]);
    const abort = new AbortController();
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: abort.signal,
    });
    await expect.poll(() => aws.requests.length).toBe(2);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => aws.requests.at(-1)?.finishedAt).toBeDefined();
    queue.send('for the next one');
    expect(queue.counts).toEqual({ visible: 1, inFlight: 0 });
  });

  test('returns at most the requested number, in the order of the fault', async () => {
    const { queue, receive } = await startQueue();
    for (const body of ['1', '2', '3', '4']) queue.send(body);
    const two = await receive({ MaxNumberOfMessages: 2 });
    queue.setFaults({ order: 'reversed' });
    const rest = await receive({ MaxNumberOfMessages: 10 });
    expect([...two, ...rest].map(({ Body }) => Body)).toEqual(['1', '2', '4', '3']);
  });

  test('delivers copies of a message under one id, as a standard queue may', async () => {
    const { queue, receive, ...calls } = await startQueue();
    queue.setFaults({ duplicates: 1 });
    const id = queue.send('twice');
    const [first] = await receive();
    await calls.delete(first?.ReceiptHandle);
    const [second] = await receive();
    expect([first?.MessageId, second?.MessageId]).toEqual([id, id]);
    await calls.delete(second?.ReceiptHandle);
    expect(await receive()).toEqual([]);
  });
});

describe('errors', () => {
  test('have the names of the API and the codes of the query protocol', async () => {
    const { aws, client, queue, QueueUrl, receive, hide, ...calls } = await startQueue();
    const elsewhere = new ReceiveMessageCommand({ QueueUrl: `${aws.url}/111122223333/nobody` });
    await expect(client.send(elsewhere)).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    await expect(calls.delete('unknown')).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    await expect(receive({ MaxNumberOfMessages: 11 })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(receive({ WaitTimeSeconds: 21 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    queue.send('x');
    const [message] = await receive();
    await hide(message?.ReceiptHandle, 0);
    await expect(hide(message?.ReceiptHandle, 5)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    await calls.delete(message?.ReceiptHandle);
    await expect(hide(message?.ReceiptHandle, 5)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [] }))).rejects.toMatchObject(
      { name: 'EmptyBatchRequest' },
    );
  });

  test('of IAM name the action in lower case', async () => {
    const { aws, receive } = await startQueue();
    aws.putRole(SHOP_ROLE);
    await expect(receive()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: arn:aws:sts::111122223333:assumed-role/shop/shop.web is not authorized to perform: sqs:receivemessage on resource: ${QUEUE_ARN} because no identity-based policy allows the sqs:receivemessage action`,
    });
  });

  test('can be queued', async () => {
    const { aws, receive } = await startQueue();
    aws.script('ReceiveMessage', { kind: 'throttle' }, { kind: 'serverError' }, { kind: 'expiredToken' });
    await expect(receive()).rejects.toMatchObject({ name: 'RequestThrottled' });
    await expect(receive()).rejects.toMatchObject({ name: 'InternalFailure' });
    await expect(receive()).rejects.toMatchObject({ name: 'ExpiredTokenException' });
    expect(aws.pendingFaults).toEqual([]);
  });
});

test('messages are sent, counted and deleted in batches', async () => {
  const { client, QueueUrl, receive } = await startQueue();
  const named = await client.send(new GetQueueUrlCommand({ QueueName: 'secret-changes' }));
  expect(named.QueueUrl).toBe(QueueUrl);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'ü' }));
  const messages = await receive({ MaxNumberOfMessages: 10 });
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
  const { Successful, Failed } = await client.send(
    new DeleteMessageBatchCommand({ QueueUrl, Entries: [...Entries, { Id: 'x', ReceiptHandle: 'unknown' }] }),
  );
  expect([Successful?.length, Failed?.[0]?.Code]).toEqual([2, 'ReceiptHandleIsInvalid']);
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'QueueArn'] }),
  );
  expect(Attributes).toEqual({ ApproximateNumberOfMessages: '0', QueueArn: QUEUE_ARN });
});
