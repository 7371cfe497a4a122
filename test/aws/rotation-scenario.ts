/** One rotation and one queue, driven by the SDK alone: the same against the AWS fake and against moto. */
import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** What a call returned: its output in words, or the name of its error. */
export type Step = readonly [what: string, result: unknown];

/** The steps of a rotation, with versions by name instead of their random ids. */
export async function rotationSteps(
  client: SecretsManagerClient,
  SecretId: string,
): Promise<readonly Step[]> {
  const names = new Map<string, string>();
  const steps: Step[] = [];
  const describe = () => client.send(new DescribeSecretCommand({ SecretId }));
  const first = Object.keys((await describe()).VersionIdsToStages ?? {})[0] ?? '';
  names.set(first, 'first');
  const step = async (what: string, call: () => Promise<unknown>) => {
    const result = await call().then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? error.name : error),
    );
    steps.push([what, result]);
    const { VersionIdsToStages = {} } = await describe();
    const labels = Object.entries(VersionIdsToStages)
      .filter(([, stages]) => stages.length > 0)
      .map(([id, stages]) => `${names.get(id) ?? id}: ${stages.toSorted().join(' ')}`);
    steps.push([`labels after: ${what}`, labels.toSorted()]);
  };
  const read = async (what: string, version: { VersionId?: string; VersionStage?: string }) => {
    const answer = client.send(new GetSecretValueCommand({ SecretId, ...version }));
    const result = await answer.then(
      ({ SecretString, VersionId = '' }) => `${SecretString} of ${names.get(VersionId) ?? VersionId}`,
      (error: unknown) => (error instanceof Error ? error.name : error),
    );
    steps.push([`read ${what}`, result]);
  };
  const put = (ClientRequestToken: string, SecretString: string, VersionStages?: string[]) =>
    client.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken,
        SecretString,
        ...(VersionStages && { VersionStages }),
      }),
    );
  const move = (VersionStage: string, RemoveFromVersionId?: string, MoveToVersionId?: string) =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage,
        ...(RemoveFromVersionId !== undefined && { RemoveFromVersionId }),
        ...(MoveToVersionId !== undefined && { MoveToVersionId }),
      }),
    );

  const second = randomUUID();
  names.set(second, 'second');
  await read('AWSPENDING before', { VersionStage: 'AWSPENDING' });
  await step('create the pending version', () => put(second, 'two', ['AWSPENDING']));
  await step('create it again', () => put(second, 'two', ['AWSPENDING']));
  await read('AWSPENDING', { VersionStage: 'AWSPENDING' });
  await read('AWSCURRENT meanwhile', {});
  await step('move AWSCURRENT without its holder', () => move('AWSCURRENT', undefined, second));
  await step('finish', () => move('AWSCURRENT', first, second));
  await read('AWSCURRENT by label', { VersionStage: 'AWSCURRENT' });
  await read('AWSCURRENT by default', {});
  await read('AWSPREVIOUS', { VersionStage: 'AWSPREVIOUS' });
  await step('remove AWSPENDING', () => move('AWSPENDING', second));
  await step('roll back', () => move('AWSCURRENT', second, first));
  await step('attach another label', () => move('BLUE', undefined, first));
  await step('move it', () => move('BLUE', first, second));
  await step('remove it from a version that lacks it', () => move('BLUE', first));
  await step('change a value', () => put(second, 'other'));
  const third = randomUUID();
  names.set(third, 'third');
  await step('put a value by hand', () => put(third, 'three'));
  await step('remove AWSCURRENT', () => move('AWSCURRENT', third));
  return steps;
}

/** The life of a message. */
export async function queueSteps(client: SQSClient, QueueUrl: string): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const receive = async (what: string, more: object = {}): Promise<Message | undefined> => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'], ...more }),
    );
    const [message] = Messages;
    const count = message?.Attributes?.['ApproximateReceiveCount'];
    steps.push([what, message === undefined ? 'nothing' : `${message.Body}, received ${count} times`]);
    return message;
  };
  const attempt = async (what: string, call: () => Promise<unknown>) => {
    steps.push([
      what,
      await call().then(
        () => 'done',
        (error: unknown) => (error instanceof Error ? error.name : error),
      ),
    ]);
  };
  const remove = (ReceiptHandle: string | undefined) =>
    client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const hide = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
    client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

  await receive('an empty queue', { WaitTimeSeconds: 1 });
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"π":1}' }));
  const first = await receive('the message');
  await receive('while it is hidden');
  await attempt('show it', () => hide(first?.ReceiptHandle, 0));
  const second = await receive('the message again', { WaitTimeSeconds: 1 });
  await attempt('hide it longer', () => hide(second?.ReceiptHandle, 600));
  await attempt('hide it too long', () => hide(second?.ReceiptHandle, 43_201));
  await attempt('delete it', () => remove(second?.ReceiptHandle));
  await attempt('hide what is deleted', () => hide(second?.ReceiptHandle, 1));
  await attempt('an unknown receipt handle', () => remove('unknown'));
  await attempt('too many messages', () => receive('', { MaxNumberOfMessages: 11 }));
  await attempt('too long a wait', () => receive('', { WaitTimeSeconds: 21 }));
  const nowhere = new ReceiveMessageCommand({ QueueUrl: `${new URL(QueueUrl).origin}/111122223333/nobody` });
  await attempt('a queue that does not exist', () => client.send(nowhere));
  await receive('what is left');
  return steps;
}
