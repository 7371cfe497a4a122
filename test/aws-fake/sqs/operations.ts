import { AwsError } from '../aws-error.ts';
import type { SqsOperation } from '../operations.ts';
import { accountOf, allows, assumedRoleArn, type Role } from '../roles.ts';
import { entriesOf, namesOf, numberOf, type SqsInput, textOf } from './input.ts';
import { md5, type Queue, type Receipt } from './queue.ts';
import type { Queues } from './queues.ts';

export interface SqsCaller {
  readonly role: Role;
  readonly sessionName: string;
  readonly region: string;
  readonly queues: Queues;
  /** The URL of a queue. */
  readonly urlOf: (queue: Queue) => string;
  /** Ends a wait for messages. */
  readonly gone: AbortSignal;
}

const MOST_VISIBILITY_SECONDS = 43_200;

/** Responds to an authenticated SQS request. @returns the output */
export async function answerSqs(
  operation: SqsOperation,
  input: SqsInput,
  caller: SqsCaller,
): Promise<Readonly<Record<string, unknown>>> {
  if (operation === 'GetQueueUrl') {
    const account = input['QueueOwnerAWSAccountId'] ?? accountOf(caller.role.arn);
    const named = caller.queues.findByName(textOf(input, 'QueueName'), String(account), caller.region);
    return { QueueUrl: caller.urlOf(authorized(named, operation, caller)) };
  }
  const queue = authorized(caller.queues.find(textOf(input, 'QueueUrl'), caller.region), operation, caller);
  switch (operation) {
    case 'SendMessage': {
      const body = textOf(input, 'MessageBody');
      return { MessageId: queue.send(body), MD5OfMessageBody: md5(body) };
    }
    case 'ReceiveMessage':
      return receive(queue, input, caller);
    case 'DeleteMessage':
      deleteMessage(queue, textOf(input, 'ReceiptHandle'));
      return {};
    case 'DeleteMessageBatch':
      return deleteBatch(queue, input);
    case 'ChangeMessageVisibility':
      changeVisibility(queue, input);
      return {};
    case 'GetQueueAttributes':
      return { Attributes: attributes(queue, namesOf(input, 'AttributeNames')) };
  }
}

function authorized(queue: Queue | undefined, operation: SqsOperation, caller: SqsCaller): Queue {
  if (queue === undefined) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
  if (!allows(caller.role, `sqs:${permissionFor(operation)}`, queue.arn))
    throw deniedByPolicy(operation, queue.arn, caller);
  return queue;
}

/** The access denied error of IAM, in which SQS writes actions in lower case. */
export function deniedByPolicy(
  operation: SqsOperation,
  resource: string,
  caller: Pick<SqsCaller, 'role' | 'sessionName'>,
): AwsError {
  const user = assumedRoleArn(caller.role.arn, caller.sessionName);
  const action = `sqs:${permissionFor(operation).toLowerCase()}`;
  return new AwsError(
    'AccessDenied',
    `User: ${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    403,
  );
}

// Batches need the permission of the single operation.
const permissionFor = (operation: SqsOperation) => operation.replace(/Batch$/, '');

async function receive(queue: Queue, input: SqsInput, { gone }: SqsCaller) {
  const visibilityTimeout = numberOf(input, 'VisibilityTimeout', 0, MOST_VISIBILITY_SECONDS);
  const waitTime = numberOf(input, 'WaitTimeSeconds', 0, 20);
  const receipts = await queue.receive({
    most: numberOf(input, 'MaxNumberOfMessages', 1, 10) ?? 1,
    ...(visibilityTimeout !== undefined && { visibilityTimeout }),
    ...(waitTime !== undefined && { waitTime }),
    gone,
  });
  const names = [...namesOf(input, 'MessageSystemAttributeNames'), ...namesOf(input, 'AttributeNames')];
  return receipts.length === 0 ? {} : { Messages: receipts.map((receipt) => messageOf(receipt, names)) };
}

function messageOf(receipt: Receipt, names: readonly string[]) {
  const known = {
    ApproximateReceiveCount: String(receipt.receiveCount),
    ApproximateFirstReceiveTimestamp: String(receipt.firstReceivedAt),
    SentTimestamp: String(receipt.sentAt),
  };
  const wanted = select(known, names);
  return {
    MessageId: receipt.messageId,
    ReceiptHandle: receipt.handle,
    MD5OfBody: receipt.md5,
    Body: receipt.body,
    ...(Object.keys(wanted).length > 0 && { Attributes: wanted }),
  };
}

function deleteMessage(queue: Queue, handle: string): void {
  if (!queue.delete(handle)) throw invalidHandle(handle);
}

function deleteBatch(queue: Queue, input: SqsInput) {
  const successful: unknown[] = [];
  const failed: unknown[] = [];
  for (const entry of entriesOf(input)) {
    const Id = textOf(entry, 'Id');
    const handle = textOf(entry, 'ReceiptHandle');
    if (queue.delete(handle)) successful.push({ Id });
    else {
      const { code, message } = invalidHandle(handle);
      failed.push({ Id, SenderFault: true, Code: code, Message: message });
    }
  }
  return { Successful: successful, Failed: failed };
}

function changeVisibility(queue: Queue, input: SqsInput): void {
  const handle = textOf(input, 'ReceiptHandle');
  const seconds = numberOf(input, 'VisibilityTimeout', 0, MOST_VISIBILITY_SECONDS);
  if (seconds === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter VisibilityTimeout.');
  }
  switch (queue.changeVisibility(handle, seconds)) {
    case 'changed':
      return;
    case 'unknown':
      throw invalidHandle(handle);
    case 'visible':
      throw new AwsError('MessageNotInflight', 'The specified message is not in flight.');
    case 'gone':
      throw new AwsError(
        'InvalidParameterValue',
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
  }
}

const invalidHandle = (handle: string) =>
  new AwsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
    404,
  );

function attributes(queue: Queue, names: readonly string[]): Readonly<Record<string, string>> {
  const { visible, inFlight } = queue.counts;
  const known = {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    VisibilityTimeout: String(queue.visibilityTimeout),
  };
  return select(known, names);
}

/** The members with these names, or all of them. */
function select(known: Readonly<Record<string, string>>, names: readonly string[]) {
  return Object.fromEntries(
    Object.entries(known).filter(([name]) => names.includes('All') || names.includes(name)),
  );
}
