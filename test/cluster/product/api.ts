/** What scenarios need of an API server. */
import type { Cluster, Outcome } from '../cluster.ts';
import { until } from '../until.ts';

export const NAMESPACE_LABEL = 'secrets-injector.dev/injection';

/** A Kubernetes object as JSON. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export class Api {
  readonly cluster: Cluster;
  #namespaces = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** Runs kubectl. @returns its output @throws Error with its error output */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.cluster.kubectl(args);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** Creates an object, or returns why the API server rejected it. */
  async create(object: KubernetesObject, ...args: readonly string[]): Promise<Outcome> {
    return await this.cluster.kubectl(['create', '--filename=-', ...args], JSON.stringify(object));
  }

  /** Creates an object. @throws Error if the API server rejects it */
  async mustCreate(object: KubernetesObject): Promise<void> {
    const { status, stderr } = await this.create(object);
    if (status !== 0) throw new Error(`${object.kind} was rejected: ${stderr}`);
  }

  /** Creates a namespace for a scenario. @returns its name */
  async namespace(
    labels: Readonly<Record<string, string>> = { [NAMESPACE_LABEL]: 'enabled' },
    name = this.#nextName(),
  ): Promise<string> {
    await this.mustCreate({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    // Kubernetes creates its service account later, and rejects pods before that.
    await until(`service account of ${name}`, { seconds: 30 }, async () => {
      const { status } = await this.cluster.kubectl([
        `--namespace=${name}`,
        'get',
        'serviceaccount',
        'default',
      ]);
      return status === 0 ? true : undefined;
    });
    return name;
  }

  #nextName(): string {
    this.#namespaces += 1;
    return `shop-${this.#namespaces}`;
  }

  /** Reads an object from the API server. */
  async get<T = KubernetesObject>(namespace: string, ...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl(`--namespace=${namespace}`, 'get', ...args, '--output=json')) as T;
  }
}
