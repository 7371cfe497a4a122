import type { IncomingMessage } from 'node:http';
import {
  type Operation,
  type Service,
  STS_OPERATIONS,
  secretsOperation,
  sqsOperation,
} from './operations.ts';
import { readJsonObject, readSecretsInput, type SecretsInput } from './secrets-input.ts';
import { readScope, type SignedRequest } from './sigv4.ts';
import type { SqsInput } from './sqs/input.ts';

/** A complete request, parsed as far as possible without validation. */
export interface Incoming extends SignedRequest {
  readonly service: Service;
  readonly operation: Operation | undefined;
  readonly region: string | undefined;
  readonly accessKeyId: string | undefined;
  /** The parameters of an STS request; empty otherwise. */
  readonly form: URLSearchParams;
  /** The input of a Secrets Manager request; undefined if the body is not a JSON object. */
  readonly input: SecretsInput | undefined;
  /** The input of an SQS request; undefined if the body is not a JSON object. */
  readonly queueInput: SqsInput | undefined;
}

const SECRETS_PREFIX = 'secretsmanager.';
const SQS_PREFIX = 'AmazonSQS.';

/** Reads a whole request. X-Amz-Target, which STS does not use, distinguishes the services. */
export async function readIncoming(message: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, [value ?? ''].flat().join(',')]),
  );
  const path = message.url ?? '/';
  const request = { method: message.method ?? '', path, headers, body };
  const target = headers['x-amz-target'];
  const scope = readScope(headers['authorization']);
  if (target !== undefined) {
    const json = readJsonObject(body);
    const isSqs = target.startsWith(SQS_PREFIX);
    return {
      ...request,
      service: isSqs ? 'sqs' : 'secretsmanager',
      operation: operationOf(target),
      region: scope?.region,
      accessKeyId: scope?.accessKeyId,
      form: new URLSearchParams(),
      input: isSqs || json === undefined ? undefined : readSecretsInput(json),
      queueInput: isSqs ? json : undefined,
    };
  }
  // The query protocol also accepts parameters in the query string.
  const form = new URLSearchParams(body.length > 0 ? body.toString('utf8') : path.split('?')[1]);
  const action = form.get('Action');
  return {
    ...request,
    service: 'sts',
    operation: STS_OPERATIONS.find((operation) => operation === action),
    region:
      scope?.region ?? /^sts(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|api\.)/.exec(headers['host'] ?? '')?.[1],
    accessKeyId: scope?.accessKeyId,
    form,
    input: undefined,
    queueInput: undefined,
  };
}

function operationOf(target: string): Operation | undefined {
  if (target.startsWith(SQS_PREFIX)) return sqsOperation(target.slice(SQS_PREFIX.length));
  return target.startsWith(SECRETS_PREFIX)
    ? secretsOperation(target.slice(SECRETS_PREFIX.length))
    : undefined;
}
