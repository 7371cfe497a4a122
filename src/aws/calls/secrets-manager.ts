/**
 * Secrets Manager through parts of the AWS SDK, which is in a bundle of its own, so that it is loaded while STS answers.
 * Values are wrapped here, on the line that receives them.
 */
import { SecretValue } from '../../core/secret/secret-value.ts';
import { VERSION } from '../../runtime/version.ts';
import { AwsClock } from './aws-clock.ts';
import { denialIn, detailIn } from './messages.ts';
import type { AwsRequest } from './request.ts';
import type {
  AwsErrorFacts,
  DescribedSecret,
  FetchedSecret,
  PreparedReads,
  SecretReader,
  SecretReaderOptions,
  SecretRequest,
} from './secret-reader.ts';
import { type Operation, protocolOf, type SecretsProtocol } from './secrets-protocol.ts';
import { signRequest } from './sign.ts';

export { signRequest };

/** Opens access to one Region. */
export function openSecretReader(options: SecretReaderOptions): SecretReader {
  const calls = new Calls(options);
  return {
    read: (request, signal) => readSecret(calls, request, signal),
    describe: (arn, signal) => describeSecret(calls, arn, signal),
  };
}

/** Makes requests in advance. They are kept for all tries of the run. */
export function openPreparedReads(): PreparedReads {
  const requests = new Map<string, AwsRequest>();
  const keyOf = (endpoint: URL, request: SecretRequest): string =>
    JSON.stringify([endpoint.href, inputOf(request)]);
  return {
    prepare: async (endpoint, request) => {
      const made = await protocolOf(endpoint).request('GetSecretValue', inputOf(request));
      requests.set(keyOf(endpoint, request), made);
    },
    find: (endpoint, request) => requests.get(keyOf(endpoint, request)),
  };
}

/** The name of this program in CloudTrail. */
const USER_AGENT = `aws-secrets-injector/${VERSION}`;

/** Signed calls, each tried once. */
class Calls {
  readonly #options: SecretReaderOptions;
  readonly #protocol: SecretsProtocol;
  readonly #clock = new AwsClock();

  constructor(options: SecretReaderOptions) {
    this.#options = options;
    this.#protocol = protocolOf(options.endpoint);
  }

  read(request: SecretRequest, signal: AbortSignal): Promise<Output | AwsErrorFacts> {
    const { endpoint, prepared } = this.#options;
    const made = prepared?.find(endpoint, request);
    return this.#call(
      'GetSecretValue',
      made ?? this.#protocol.request('GetSecretValue', inputOf(request)),
      signal,
    );
  }

  describe(arn: string, signal: AbortSignal): Promise<Output | AwsErrorFacts> {
    return this.#call('DescribeSecret', this.#protocol.request('DescribeSecret', { SecretId: arn }), signal);
  }

  /**
   * @returns the output as the service sent it, or the facts of an error of the service
   * @throws NetworkFailure
   */
  async #call(
    name: Operation,
    made: AwsRequest | Promise<AwsRequest>,
    signal: AbortSignal,
  ): Promise<Output | AwsErrorFacts> {
    const { endpoint, region, credentials, send } = this.#options;
    const { headers, ...request } = await made;
    const signed = await signRequest(
      { endpoint, service: 'secretsmanager', region, credentials, date: this.#clock.now() },
      { ...request, headers: { ...headers, 'user-agent': USER_AGENT } },
    );
    const answer = await send(signed, signal);
    try {
      return { output: await this.#protocol.output(name, answer) };
    } catch (error) {
      const facts = factsOf(error, answer.status);
      const answeredAt = Date.parse(answer.headers.date ?? '');
      if (!Number.isNaN(answeredAt)) this.#clock.correct({ detail: facts.detail, answeredAt });
      return facts;
    }
  }
}

function inputOf({ arn, stage, versionId }: SecretRequest): object {
  return { SecretId: arn, VersionStage: stage, VersionId: versionId };
}

interface Output {
  readonly output: Readonly<Record<string, unknown>>;
}

async function readSecret(
  calls: Calls,
  request: SecretRequest,
  signal: AbortSignal,
): Promise<FetchedSecret | AwsErrorFacts> {
  const answer = await calls.read(request, signal);
  if (!('output' in answer)) return answer;
  const { ARN, SecretString, SecretBinary, VersionId, VersionStages } = answer.output;
  const content = SecretString ?? SecretBinary;
  const isContent = typeof content === 'string' || content instanceof Uint8Array;
  return {
    arn: typeof ARN === 'string' ? ARN : undefined,
    value: isContent ? new SecretValue(content) : undefined,
    versionId: isLabel(VersionId) ? VersionId : undefined,
    stages: Array.isArray(VersionStages) ? VersionStages.filter(isLabel) : [],
  };
}

async function describeSecret(
  calls: Calls,
  arn: string,
  signal: AbortSignal,
): Promise<DescribedSecret | AwsErrorFacts> {
  const answer = await calls.describe(arn, signal);
  if (!('output' in answer)) return answer;
  const { ARN, VersionIdsToStages, DeletedDate } = answer.output;
  const versions = new Map<string, string>();
  for (const [version, stages] of Object.entries(VersionIdsToStages ?? {}))
    if (isLabel(version) && Array.isArray(stages))
      for (const stage of stages.filter(isLabel)) versions.set(stage, version);
  return {
    arn: typeof ARN === 'string' ? ARN : undefined,
    versions,
    isDeleted: DeletedDate !== undefined,
  };
}

/** Whether a part of an answer may be a version ID or a staging label, which have at most 256 characters. */
function isLabel(part: unknown): part is string {
  return typeof part === 'string' && part.length <= 256;
}

/** The safe facts of an SDK error. The error itself is dropped, because it contains the answer. */
function factsOf(error: unknown, status: number): AwsErrorFacts {
  const { name, message } = error as Record<string, unknown>;
  const code = typeof name === 'string' ? name : 'Unknown';
  const text = typeof message === 'string' ? message : '';
  return {
    name: code,
    status,
    detail: detailIn(code, text),
    denial: denialIn(text),
  };
}
