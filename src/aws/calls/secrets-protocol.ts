/**
 * The protocol of Secrets Manager, from the AWS SDK: its schemas, which AWS generates from the model of the service, and its
 * serializer. The SDK's client around them is left out, because the callers have what it adds (endpoints, retries, limits),
 * and loading it takes longer than a call.
 */
import { DescribeSecret$, errorTypeRegistries, GetSecretValue$ } from '@aws-sdk/client-secrets-manager';
import { AwsJson1_1Protocol } from '@aws-sdk/core/protocols';
import { operation } from '@smithy/core/schema';
import { fromBase64, fromUtf8, toBase64, toUtf8 } from '@smithy/core/serde';
import type { Received } from '../../runtime/answer.ts';
import type { AwsRequest } from './request.ts';

const SCHEMAS = { DescribeSecret: DescribeSecret$, GetSecretValue: GetSecretValue$ };

/** The operations that the fetcher calls. */
export type Operation = keyof typeof SCHEMAS;

const NAMESPACE = 'com.amazonaws.secretsmanager';

/** Converts the input of an operation to a request, and an answer to the output. */
export class SecretsProtocol {
  readonly #protocol = new AwsJson1_1Protocol({
    defaultNamespace: NAMESPACE,
    errorTypeRegistries,
    serviceTarget: 'secretsmanager',
  });
  readonly #context: Context;

  constructor(endpoint: URL) {
    const { protocol, hostname, port, pathname: path } = endpoint;
    this.#context = {
      endpoint: async () => ({
        protocol,
        hostname,
        path,
        ...(port === '' ? {} : { port: Number(port) }),
      }),
      base64Decoder: fromBase64,
      base64Encoder: toBase64,
      utf8Decoder: fromUtf8,
      utf8Encoder: toUtf8,
      // An answer is complete when it gets here.
      streamCollector: async (body: Uint8Array) => body,
    } as unknown as Context;
    this.#protocol.setSerdeContext(this.#context);
  }

  /** The request of a call, without a signature. */
  async request(name: Operation, input: object): Promise<AwsRequest> {
    const { path, headers, body } = await this.#protocol.serializeRequest(
      schemaOf(name),
      input,
      this.#context,
    );
    return { path, headers, body: typeof body === 'string' ? body : toUtf8(body) };
  }

  /** The output of a call. @throws an error of the SDK, which contains the answer, unless the call succeeded */
  async output(
    name: Operation,
    { status, headers, body }: Received,
  ): Promise<Readonly<Record<string, unknown>>> {
    const response = { statusCode: status, headers, body };
    return {
      ...(await this.#protocol.deserializeResponse(schemaOf(name), this.#context, response as Response)),
    };
  }
}

/** Of the whole process, by endpoint. */
const protocols = new Map<string, SecretsProtocol>();

/** The protocol at an endpoint. */
export function protocolOf(endpoint: URL): SecretsProtocol {
  const known = protocols.get(endpoint.href);
  if (known !== undefined) return known;
  const protocol = new SecretsProtocol(endpoint);
  protocols.set(endpoint.href, protocol);
  return protocol;
}

type Protocol = AwsJson1_1Protocol;
type Context = Parameters<Protocol['setSerdeContext']>[0] & Parameters<Protocol['serializeRequest']>[2];
type Response = Parameters<Protocol['deserializeResponse']>[2];

function schemaOf(name: Operation): ReturnType<typeof operation> {
  const [, namespace, shape, traits, input, output] = SCHEMAS[name];
  return operation(namespace, shape, traits, input, output);
}
