/** Pods of the scenarios. Applications print checksums, because a test searches the output for values. */
import { createHash } from 'node:crypto';
import { BUSYBOX_IMAGE } from '../images.ts';
import { IMAGE_NAME, IMAGE_TAG, TEST_NODE } from './product-image.ts';
import type { KubernetesObject } from './stage.ts';
import { ROLE } from './stage.ts';

const TOKEN_FOLDER = '/var/run/secrets/eks.amazonaws.com/serviceaccount';

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly env?: readonly unknown[];
  readonly volumeMounts?: readonly unknown[];
  readonly [field: string]: unknown;
}

export interface PodOptions {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  /** Further fields of the pod spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** If false, the pod has no variables and no token, as without a role. */
  readonly identity?: boolean;
}

/** A shell command that prints the SHA-256 of a variable. */
export function printVariable(name: string): string {
  return `printf %s "$${name}" | sha256sum | cut -c1-64`;
}

/** A shell command that prints the SHA-256 of a file. */
export function printFile(file: string): string {
  return `sha256sum < ${file} | cut -c1-64`;
}

/** The output of these commands for a value. */
export function checksum(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}

/** A container that runs shell commands. */
export function shell(name: string, ...lines: readonly string[]): Container {
  return { name, command: ['sh', '-c', ['set -e', ...lines].join('\n')] };
}

/** A container with Node and without a shell: the image of the project. @param options of Node, before the script */
export function node(name: string, script: string, ...options: readonly string[]): Container {
  return {
    name,
    image: `${IMAGE_NAME}:${IMAGE_TAG}`,
    command: [TEST_NODE, ...options, '--eval', `${NODE_CHECKSUM}\n${script}`],
  };
}

/** In Node: `tell(value)` prints a SHA-256. */
const NODE_CHECKSUM = `const { createHash } = require('node:crypto');
const tell = (value) =>
  console.log(value === undefined ? 'unset' : createHash('sha256').update(value).digest('hex'));`;

/** A pod template, with the identity that the EKS pod identity webhook would add. */
export function podTemplate(options: PodOptions): {
  readonly metadata: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
} {
  const { annotations = {}, containers = [shell('app', 'true')], initContainers, spec = {} } = options;
  const hasIdentity = options.identity ?? true;
  const identity = webIdentity(ROLE);
  const complete = (container: Container): unknown => ({
    image: BUSYBOX_IMAGE,
    imagePullPolicy: 'Never',
    ...container,
    ...(hasIdentity
      ? {
          env: [...(container.env ?? []), ...identity.env],
          volumeMounts: [...(container.volumeMounts ?? []), identity.volumeMount],
        }
      : {}),
  });
  const volumes = [...((spec['volumes'] as readonly unknown[] | undefined) ?? [])];
  if (hasIdentity) volumes.push(identity.volume);
  return {
    metadata: { annotations, labels: { app: options.name ?? 'app' } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      ...spec,
      volumes,
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(complete) }),
      containers: containers.map(complete),
    },
  };
}

/** A bare pod. */
export function pod(namespace: string, options: PodOptions): KubernetesObject {
  const { metadata, spec } = podTemplate(options);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, namespace, name: options.name ?? 'app' },
    spec,
  };
}

/** What the EKS pod identity webhook adds to a pod and its containers, for a role. */
export function webIdentity(roleArn: string): {
  readonly env: readonly unknown[];
  readonly volumeMount: object;
  readonly volume: object;
} {
  return {
    env: [
      { name: 'AWS_REGION', value: 'eu-west-1' },
      { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      { name: 'AWS_ROLE_ARN', value: roleArn },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${TOKEN_FOLDER}/token` },
    ],
    volumeMount: { name: 'aws-iam-token', mountPath: TOKEN_FOLDER, readOnly: true },
    volume: {
      name: 'aws-iam-token',
      projected: {
        defaultMode: 420,
        sources: [
          {
            serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' },
          },
        ],
      },
    },
  };
}
