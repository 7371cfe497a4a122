/** Pods that request a secret and never start: only their creation matters. */
const FETCHER = 'aws-secrets-fetch';
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf';

export interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly initContainers?: readonly {
      readonly name: string;
      readonly env?: readonly { readonly name: string }[];
    }[];
    readonly volumes?: readonly { readonly name: string; readonly emptyDir?: { readonly medium?: string } }[];
    readonly containers: readonly { readonly volumeMounts?: readonly { readonly name: string }[] }[];
  };
}

const TEMPLATE = {
  metadata: {
    annotations: { 'secrets-injector.dev/file.value': ARN },
    labels: { app: 'asking' },
  },
  spec: {
    schedulingGates: [{ name: 'example.com/never' }],
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'app', image: 'app' }],
  },
};

/** A pod that requests a secret. */
export function askingPod(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    ...TEMPLATE,
    metadata: { ...TEMPLATE.metadata, generateName: 'asking-' },
  };
}

/** A ReplicaSet of such pods. */
export function askingReplicaSet(name: string, replicas: number): object {
  const matchLabels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels },
      template: { ...TEMPLATE, metadata: { ...TEMPLATE.metadata, labels: matchLabels } },
    },
  };
}

/** Whether the pod has the init container with its plan, the in-memory volume, and the mount of the application. */
export function isInjected({ spec }: PodObject): boolean {
  const [first] = spec.initContainers ?? [];
  const volume = spec.volumes?.find(({ name }) => name === 'aws-secrets');
  return (
    first?.name === FETCHER &&
    (first.env ?? []).length > 0 &&
    volume?.emptyDir?.medium === 'Memory' &&
    spec.containers.every(({ volumeMounts }) => volumeMounts?.some(({ name }) => name === 'aws-secrets'))
  );
}
