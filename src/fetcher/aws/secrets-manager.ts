/**
 * Secrets Manager through the AWS SDK. The only module with the SDK, in a bundle of its own, so that it is loaded while STS
 * answers. Values are wrapped here, on the line that receives them.
 */
import type http from 'node:http';
import type https from 'node:https';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretValue } from '../../core/secret/secret-value.ts';
import type {
  AwsErrorFacts,
  FetchedSecret,
  SecretReader,
  SecretReaderOptions,
  SecretRequest,
} from './secret-reader.ts';

/** Time limits of one try. The SDK has none and waits forever. */
const CONNECT_MS = 5000;
const ANSWER_MS = 10_000;

/** Opens a client for one Region. All settings that the SDK would look up are set. */
export function openSecretReader(options: SecretReaderOptions): SecretReader {
  const client = new SecretsManagerClient({
    region: options.region,
    endpoint: options.endpoint.href,
    credentials: options.credentials,
    // The fetcher retries itself: the SDK stops before the network is available.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'legacy',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    // Otherwise the SDK looks for these three settings in ~/.aws/config.
    authSchemePreference: ['sigv4'],
    disableClockSkewCorrection: false,
    userAgentAppId: async () => undefined,
    requestHandler: {
      ...agentOf(options.agent, options.endpoint),
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
      socketTimeout: ANSWER_MS,
    },
  });
  return {
    read: (request, signal) => readSecret(client, request, signal),
    close: () => client.destroy(),
  };
}

function agentOf(
  agent: https.Agent,
  endpoint: URL,
): { httpsAgent?: https.Agent; httpAgent?: http.AgentOptions } {
  return endpoint.protocol === 'https:' ? { httpsAgent: agent } : {};
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
    return { arn: output.ARN, value: isContent ? new SecretValue(content) : undefined };
  } catch (error) {
    return factsOf(error);
  }
}

/** The safe facts of an SDK error. The error itself is dropped, because it contains the answer. */
function factsOf(error: unknown): AwsErrorFacts {
  const { name, message, code, $metadata, errno } = error as Record<string, unknown>;
  const status = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  const text = typeof message === 'string' ? message : '';
  const isKms =
    name === 'DecryptionFailure' || name === 'DecryptionFailureException' || /\bKMS\b|\bkms:/.test(text);
  return {
    name: typeof name === 'string' ? name : 'Unknown',
    status: typeof status === 'number' ? status : undefined,
    networkCode: typeof code === 'string' ? code : errno === undefined ? undefined : 'NETWORK',
    isKms,
    isDeleted: name === 'InvalidRequestException' && /delet/i.test(text),
  };
}
