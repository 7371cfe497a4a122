/** Pods for the tests of the other webhooks, and their admission by the API server. */
import type { Cluster, Outcome } from '../cluster.ts';

export interface Entry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fileKeyRef?: object };
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly command?: readonly string[];
  readonly env?: readonly Entry[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}
export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly projected?: {
    readonly sources: readonly {
      readonly serviceAccountToken?: { readonly audience?: string; readonly expirationSeconds?: number };
    }[];
  };
}
export interface PodSpec {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}
export interface Pod {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

export const FROM_FILE: Entry = {
  name: 'FROM_FILE',
  valueFrom: { fileKeyRef: { volumeName: 'aws-secrets', path: 'env', key: 'FROM_FILE', optional: false } },
};
const PREFIX = ['/bin/sh', '-c', 'set -a && . "$0" && set +a && exec "$@"', '/run/secrets/aws/env'];
const MOUNT = { name: 'aws-secrets', mountPath: '/run/secrets/aws' };

/** A pod that looks injected. */
export const INJECTED: PodSpec = {
  initContainers: [{ name: 'aws-secrets-fetch', image: 'localhost/injector:1', volumeMounts: [MOUNT] }],
  containers: [
    { name: 'app', image: 'busybox', command: [...PREFIX, 'sleep', '1'], volumeMounts: [MOUNT] },
    { name: 'other', image: 'registry.example:5000/team/other:2' },
  ],
  volumes: [{ name: 'aws-secrets', emptyDir: { medium: 'Memory' } }],
};

export const WITH_FILE_KEY: PodSpec = {
  ...INJECTED,
  containers: [{ name: 'app', image: 'busybox', env: [FROM_FILE] }],
};
export const WITH_SIDECAR: PodSpec = {
  ...INJECTED,
  initContainers: [{ name: 'sidecar', image: 'busybox', restartPolicy: 'Always' }],
};

/** Sends a pod to the API server without creating it. */
export async function show(
  cluster: Cluster,
  namespace: string,
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const metadata = { name: 'pod', namespace, annotations };
  return await cluster.kubectl(
    ['create', '--dry-run=server', '--output=json', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }),
  );
}

/** The admitted pod. @throws Error with the reason if the API server rejected it */
export function podOf({ status, stdout, stderr }: Outcome): Pod {
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Pod;
}

/** Its spec. @throws Error as podOf does */
export function specOf(outcome: Outcome): PodSpec {
  return podOf(outcome).spec;
}

export function names(list: readonly { readonly name: string }[] | undefined): readonly string[] {
  return (list ?? []).map(({ name }) => name);
}

/** @throws Error unless there is exactly one */
export function find<T extends { readonly name: string }>(list: readonly T[] | undefined, name: string): T {
  const found = (list ?? []).filter((each) => each.name === name);
  const [only] = found;
  if (only === undefined || found.length !== 1) throw new Error(`${found.length} of ${name}`);
  return only;
}
