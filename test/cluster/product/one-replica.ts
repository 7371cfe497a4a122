/** One replica of the webhook beside an API server without a node, behind every registration of the manifests. */
import type { ClusterPlace } from '../../../src/kubernetes/api-client.ts';
import type { Webhook, WebhookOptions } from '../../../src/webhook/webhook.ts';
import { freePorts } from '../addresses.ts';
import { startCluster } from '../cluster.ts';
import { Api, type KubernetesObject } from './api.ts';
import { manifests, startReplicas, untilReady } from './self-managed.ts';

export interface OneReplica {
  readonly api: Api;
  readonly replica: Webhook;
  /** A namespace that has opted in. */
  readonly namespace: string;
  /** A pod that requests a secret. */
  pod(name: string, annotations?: Readonly<Record<string, string>>): KubernetesObject;
  stop(): Promise<void>;
}

/**
 * Starts both.
 * @param options of the webhook, made with the place of the API server
 * @param apiServerArguments further flags of the API server
 */
export async function startOneReplica(
  options: (place: ClusterPlace) => Partial<WebhookOptions>,
  apiServerArguments: readonly string[] = [],
): Promise<OneReplica> {
  const api = new Api(await startCluster({ level: 'control-plane', apiServerArguments }));
  try {
    const namespace = await api.namespace();
    const [port = 0] = await freePorts(1);
    const apply = ['apply', '--server-side', '--filename=-'];
    const { status, stderr } = await api.cluster.kubectl(apply, manifests([port, port, port]));
    if (status !== 0) throw new Error(stderr);
    const replicas = await startReplicas(api, { ca: 3600, certificate: 600 }, [port], options);
    await untilReady(replicas);
    const [replica] = replicas;
    if (replica === undefined) throw new Error('no replica was started');
    return {
      api,
      replica,
      namespace,
      pod: (name, annotations = {}) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, annotations: { ...REQUEST, ...annotations } },
        spec: { containers: [{ name: 'app', image: 'app' }] },
      }),
      stop: async () => {
        await replica.close();
        await api.cluster.stop();
      },
    };
  } catch (error) {
    await api.cluster.stop();
    throw error;
  }
}

/** The annotation of a pod that requests a secret. */
export const REQUEST = {
  'secrets-injector.dev/file.value': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf',
};
