/** HTTPS requests to the API server as an administrator, for tests that send too many of them for kubectl. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ClusterFacts } from './cluster.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

export class ApiClient implements Disposable {
  readonly #agent: Agent;
  readonly #url: string;

  constructor({ kubeconfig, apiServerUrl, caFile }: ClusterFacts) {
    const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
      users: { user: { 'client-certificate': string; 'client-key': string } }[];
    };
    const user = users[0]?.user;
    this.#url = apiServerUrl;
    this.#agent = new Agent({
      ca: readFileSync(caFile),
      cert: readFileSync(user?.['client-certificate'] ?? ''),
      key: readFileSync(user?.['client-key'] ?? ''),
      keepAlive: true,
    });
  }

  /** Sends a request. @param path with a leading slash @throws Error of the network */
  async send(method: string, path: string, object?: unknown): Promise<ApiAnswer> {
    const body = object === undefined ? '' : JSON.stringify(object);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return await new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#url), { method, agent: this.#agent, headers }, (response) => {
        text(response).then((all) => resolve({ status: response.statusCode ?? 0, body: all }), reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
