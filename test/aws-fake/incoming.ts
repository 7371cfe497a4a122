import type { IncomingMessage } from 'node:http';
import { type Operation, type Service, STS_OPERATIONS, secretsOperation } from './operations.ts';
import { readSecretsInput, type SecretsInput } from './secrets-input.ts';
import { readScope, type SignedRequest } from './sigv4.ts';

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
}

const TARGET_PREFIX = 'secretsmanager.';

/** Reads a whole request. Only Secrets Manager uses X-Amz-Target, which distinguishes the services. */
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
    return {
      ...request,
      service: 'secretsmanager',
      operation: target.startsWith(TARGET_PREFIX)
        ? secretsOperation(target.slice(TARGET_PREFIX.length))
        : undefined,
      region: scope?.region,
      accessKeyId: scope?.accessKeyId,
      form: new URLSearchParams(),
      input: readSecretsInput(body),
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
  };
}
