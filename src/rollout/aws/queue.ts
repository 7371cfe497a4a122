/** The queue with events, through the AWS SDK. */
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { AwsFailure, NetworkFailure, rowOf } from '../../aws/calls/errors.ts';
import { SDK_SETTINGS } from '../../aws/calls/sdk-settings.ts';
import type { Message } from '../effects.ts';
import type { AwsAccess } from './access.ts';

export interface Queue {
  /** Waits for messages. @returns none after some seconds @throws a failure */
  receive(signal: AbortSignal): Promise<readonly Message[]>;
  /** Deletes messages. @returns how many could not be deleted @throws a failure */
  remove(receipts: readonly string[], signal: AbortSignal): Promise<number>;
  close(): void;
}

/** A URL such as https://sqs.eu-west-1.amazonaws.com/111122223333/rotations, and the Region that its host names. */
export interface QueueUrl {
  readonly url: URL;
  readonly region: string | undefined;
}

/** The longest that SQS waits. */
const WAIT_SECONDS = 20;
const MOST_MESSAGES = 10;
/** Ten messages of 256 KiB, which JSON can write with more characters. */
const MOST_BYTES = 16 * 1024 * 1024;
const LIMITS = { silence: (WAIT_SECONDS + 10) * 1000, total: (WAIT_SECONDS + 20) * 1000, bytes: MOST_BYTES };

/** Reads the URL of a queue. Plain http is only for loopback addresses. @returns undefined for any other text */
export function parseQueueUrl(text: string): QueueUrl | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.search !== '' || url.hash !== '') return undefined;
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
  if (!isSafe || !/^\/\d{12}\/[\w-]{1,80}$/.test(url.pathname)) return undefined;
  const [, region] = /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\./.exec(url.hostname) ?? [];
  return { url, region };
}

/** Opens a queue. */
export function openQueue({ url }: QueueUrl, region: string, access: AwsAccess): Queue {
  const client = new SQSClient({
    ...SDK_SETTINGS,
    region,
    endpoint: url.origin,
    useQueueUrlAsEndpoint: false,
    credentials: () => access.credentials(),
    requestHandler: handlerFor(url, access),
  });
  const send = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      if (rowOf(failure).signsInAgain === true) access.forget();
      throw failure;
    }
  };
  return {
    receive: (signal) =>
      send(async () => {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: url.href,
            MaxNumberOfMessages: MOST_MESSAGES,
            WaitTimeSeconds: WAIT_SECONDS,
          }),
          { abortSignal: signal },
        );
        return Messages.flatMap(({ Body, ReceiptHandle }) =>
          ReceiptHandle === undefined ? [] : [{ body: Body ?? '', receipt: ReceiptHandle }],
        );
      }),
    remove: (receipts, signal) =>
      send(async () => {
        let left = 0;
        for (let start = 0; start < receipts.length; start += MOST_MESSAGES) {
          const Entries = receipts
            .slice(start, start + MOST_MESSAGES)
            .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
          const command = new DeleteMessageBatchCommand({ QueueUrl: url.href, Entries });
          const { Failed = [] } = await client.send(command, { abortSignal: signal });
          left += Failed.length;
        }
        return left;
      }),
    close: () => client.destroy(),
  };
}

type RequestHandler = NonNullable<SQSClientConfig['requestHandler']>;

interface SignedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Replaces the HTTP client of the SDK, which has no limit on the size of an answer. */
function handlerFor(queue: URL, access: AwsAccess): RequestHandler {
  return {
    handle: async ({ path, headers, body }: SignedRequest, { abortSignal }: { abortSignal: AbortSignal }) => {
      const answer = await access
        .poolFor(queue)
        .send({ method: 'POST', path, headers, body, signal: abortSignal, limits: LIMITS });
      if (!answer.ok) throw new NetworkFailure(answer.code);
      return { response: { statusCode: answer.status, headers: answer.headers, body: answer.body } };
    },
  } as RequestHandler;
}

/** The safe facts of an error: its message is dropped. */
function failureOf(error: unknown): Error {
  if (error instanceof NetworkFailure || error instanceof AwsFailure) return error;
  const { name, $metadata } = error as Record<string, unknown>;
  const status = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  // The SDK wraps nothing else: what remains failed before a request was sent, such as a sign-in.
  if (typeof status !== 'number' || status < 400)
    return error instanceof Error ? error : new NetworkFailure('UNREADABLE');
  return new AwsFailure(typeof name === 'string' ? name : 'Unknown', status);
}
