/** The HTTP client of the AWS SDK for an inventory: with limits on time and size, and with the operator's proxy. */
import { PreopenedAgent } from '../aws/calls/preopened-agent.ts';
import { sendToAws } from '../aws/calls/send.ts';
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
  readonly #agents = new Map<string, PreopenedAgent>();

  constructor(proxyOf: ProxyOf) {
    this.#proxyOf = proxyOf;
  }

  /** A request handler of the SDK. */
  async handle(
    request: SdkRequest,
    { abortSignal: signal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<object> {
    const port = request.port === undefined ? '' : `:${request.port}`;
    const url = new URL(`${request.protocol}//${request.hostname}${port}${request.path}`);
    const answer = await sendToAws({
      url,
      method: 'POST',
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      agent: url.protocol === 'https:' ? this.#agentFor(url) : undefined,
      ...(signal === undefined ? {} : { signal }),
      limits: LIMITS,
    });
    if (!answer.ok) throw new Unanswered(answer.code);
    return { response: { statusCode: answer.status, headers: answer.headers, body: answer.body } };
  }

  #agentFor(url: URL): PreopenedAgent {
    const known = this.#agents.get(url.origin);
    if (known !== undefined) return known;
    const agent = new PreopenedAgent(url, 0, this.#proxyOf(url));
    this.#agents.set(url.origin, agent);
    return agent;
  }

  destroy(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}
