/**
 * One request to an AWS service, with limits on time and size. An answer that the service cannot have sent, such as the
 * page of a proxy, is a network failure, whatever its status: it says nothing about the role or the secret.
 */
import { field } from '../../core/json.ts';
import type { Received } from '../../runtime/answer.ts';
import type { ConnectionPool } from '../connections/connection-pool.ts';
import type { Service } from './endpoints.ts';
import { NetworkFailure } from './errors.ts';

export interface AwsRequest {
  /** The path as it was signed. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where a service is, and the connections to it. */
export interface AwsTarget {
  readonly service: Service;
  readonly endpoint: URL;
  readonly pool: ConnectionPool;
}

/** Limits of one try. A secret has at most 64 KiB, which JSON can write with up to six times as many characters. */
const LIMITS = { silence: 5_000, total: 10_000, bytes: 512 * 1024 };

/** Sends a request. @throws NetworkFailure without an answer of the service */
export async function requestAws(
  { service, pool }: AwsTarget,
  request: AwsRequest,
  signal: AbortSignal,
): Promise<Received> {
  const answer = await pool.send({ ...request, method: 'POST', signal, limits: LIMITS });
  if (!answer.ok) throw new NetworkFailure(answer.code);
  if (!SHAPES[service](answer)) throw new NetworkFailure('NOT_AWS', answer.status);
  return answer;
}

/** Whether an answer has the form of the service's protocol. The content type is no help: emulators send any. */
const SHAPES: Readonly<Record<Service, (answer: Received) => boolean>> = {
  // Query protocol: XML with a known root element.
  sts: ({ status, body }) => {
    const [, root] = /^\s*(?:<\?xml[^>]*>\s*)?<(\w+)/.exec(body.toString('utf8')) ?? [];
    return status === 200
      ? /^AssumeRole(?:WithWebIdentity)?Response$/.test(root ?? '')
      : root === 'ErrorResponse';
  },
  // JSON 1.1: an object, and a type with every error.
  secretsmanager: ({ status, headers, body }) => {
    if (!/^\s*\{/.test(body.toString('utf8', 0, 64))) return false;
    return status === 200 || headers['x-amzn-errortype'] !== undefined || hasErrorType(body);
  },
};

function hasErrorType(body: Buffer): boolean {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof field(json, '__type') === 'string';
  } catch {
    // The error of the parser quotes the text.
    return false;
  }
}
