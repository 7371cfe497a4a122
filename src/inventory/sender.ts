/** The HTTP client of the AWS SDK for an inventory: with limits on time and size, and with the operator's proxy. */
import { ConnectionPool } from '../aws/connections/connection-pool.ts';
import type { ProxyOf } from '../aws/connections/proxy.ts';

interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A page has at most 1,000 roles with their policies. */
const LIMITS = { silence: 15_000, total: 60_000, bytes: 64 * 1024 * 1024 };

/** No answer came. */
export class Unanswered extends Error {
  readonly code: string;

  constructor(code: string) {
    super('no answer');
    this.code = code;
  }
}

export class Sender {
  readonly #proxyOf: ProxyOf;
  readonly #pools = new Map<string, ConnectionPool>();

  constructor(proxyOf: ProxyOf) {
    this.#proxyOf = proxyOf;
  }

  /** A request handler of the SDK. */
  async handle(
    request: SdkRequest,
    { abortSignal: signal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<object> {
    const port = request.port === undefined ? '' : `:${request.port}`;
    const url = new URL(`${request.protocol}//${request.hostname}${port}`);
    const { path, headers, body } = request;
    const answer = await this.#poolFor(url).send({
      method: 'POST',
      path,
      headers,
      body,
      signal,
      limits: LIMITS,
    });
    if (!answer.ok) throw new Unanswered(answer.code);
    return { response: { statusCode: answer.status, headers: answer.headers, body: answer.body } };
  }

  #poolFor(url: URL): ConnectionPool {
    const known = this.#pools.get(url.origin);
    if (known !== undefined) return known;
    const pool = new ConnectionPool(url, 0, this.#proxyOf(url));
    this.#pools.set(url.origin, pool);
    return pool;
  }

  destroy(): void {
    for (const pool of this.#pools.values()) pool.close();
  }
}
