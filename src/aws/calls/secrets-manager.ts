/**
 * Secrets Manager through the AWS SDK, which is in a bundle of its own, so that it is loaded while STS answers. Values are wrapped here, on the line that receives them.
 */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { SecretValue } from '../../core/secret/secret-value.ts';
import { denialIn, detailIn } from './messages.ts';
import type { AwsRequest } from './request.ts';
import { SDK_SETTINGS } from './sdk-settings.ts';
import type {
  AwsErrorFacts,
  DescribedSecret,
  FetchedSecret,
  SecretReader,
  SecretReaderOptions,
  SecretRequest,
} from './secret-reader.ts';

export { signRequest } from './sign.ts';

/** Opens a client for one Region. */
export function openSecretReader(options: SecretReaderOptions): SecretReader {
  const client = new SecretsManagerClient({
    ...SDK_SETTINGS,
    region: options.region,
    endpoint: options.endpoint.href,
    credentials: options.credentials,
    requestHandler: handlerFor(options.send),
  });
  return {
    read: (request, signal) => readSecret(client, request, signal),
    describe: (arn, signal) => describeSecret(client, arn, signal),
    close: () => client.destroy(),
  };
}

/** Replaces the HTTP client of the SDK, which has no limit on the size of an answer. */
function handlerFor(send: SecretReaderOptions['send']): RequestHandler {
  return {
    handle: async (request: AwsRequest, { abortSignal }: { abortSignal: AbortSignal }) => {
      const { path, headers, body } = request;
      const answer = await send({ path, headers, body }, abortSignal).catch((failure: unknown) => {
        throw new Unanswered(failure);
      });
      return { response: { statusCode: answer.status, headers: answer.headers, body: answer.body } };
    },
  } as RequestHandler;
}

type RequestHandler = NonNullable<SecretsManagerClientConfig['requestHandler']>;

/** Carries a failure of `send` through the SDK, which adds fields to errors. */
class Unanswered extends Error {
  readonly failure: unknown;

  constructor(failure: unknown) {
    super('no answer');
    this.failure = failure;
  }
}

async function readSecret(
  client: SecretsManagerClient,
  request: SecretRequest,
  signal: AbortSignal,
): Promise<FetchedSecret | AwsErrorFacts> {
  try {
    const output = await client.send(
      new GetSecretValueCommand({
        SecretId: request.arn,
        VersionStage: request.stage,
        VersionId: request.versionId,
      }),
      { abortSignal: signal },
    );
    const content: unknown = output.SecretString ?? output.SecretBinary;
    const isContent = typeof content === 'string' || content instanceof Uint8Array;
    return {
      arn: output.ARN,
      value: isContent ? new SecretValue(content) : undefined,
      versionId: isLabel(output.VersionId) ? output.VersionId : undefined,
      stages: Array.isArray(output.VersionStages) ? output.VersionStages.filter(isLabel) : [],
    };
  } catch (error) {
    if (error instanceof Unanswered) throw error.failure;
    return factsOf(error);
  }
}

async function describeSecret(
  client: SecretsManagerClient,
  arn: string,
  signal: AbortSignal,
): Promise<DescribedSecret | AwsErrorFacts> {
  try {
    const output = await client.send(new DescribeSecretCommand({ SecretId: arn }), { abortSignal: signal });
    const versions = new Map<string, string>();
    for (const [version, stages] of Object.entries(output.VersionIdsToStages ?? {}))
      if (isLabel(version) && Array.isArray(stages))
        for (const stage of stages.filter(isLabel)) versions.set(stage, version);
    return { arn: output.ARN, versions, isDeleted: output.DeletedDate !== undefined };
  } catch (error) {
    if (error instanceof Unanswered) throw error.failure;
    return factsOf(error);
  }
}

/** Whether a part of an answer may be a version ID or a staging label, which have at most 256 characters. */
function isLabel(part: unknown): part is string {
  return typeof part === 'string' && part.length <= 256;
}

/** The safe facts of an SDK error. The error itself is dropped, because it contains the answer. */
function factsOf(error: unknown): AwsErrorFacts {
  const { name, message, $metadata } = error as Record<string, unknown>;
  const status = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  const code = typeof name === 'string' ? name : 'Unknown';
  const text = typeof message === 'string' ? message : '';
  return {
    name: code,
    status: typeof status === 'number' ? status : undefined,
    detail: detailIn(code, text),
    denial: denialIn(text),
  };
}
