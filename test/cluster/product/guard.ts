/** Applies the guard's policies alone, without the webhook. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../image/built-image.ts';
import { guardObjects } from '../../unit/cli/doctor/fake-cluster.ts';
import type { Cluster } from '../cluster.ts';
import { until } from '../until.ts';
import type { Api, KubernetesObject } from './api.ts';
import { PRODUCT_NAMESPACE } from './install.ts';
import { IMAGE_NAME } from './product-image.ts';

const FOLDER = path.join(ROOT, 'manifests/base/guard');
const NO_NATIVE = path.join(ROOT, 'manifests/components/no-native-variables/policy.yaml');
/** The label of namespaces without native variables. */
export const NATIVE_FORBIDDEN = { 'native-variables': 'forbidden' };
/** The label of namespaces in which the policies about requests and plans also reject pods. */
export const REJECTING = { guard: 'rejects' };
const BINDING = /validationActions: \[Deny\]/;

/**
 * Applies every policy, and waits until the API server uses them. They warn instead of rejecting an object: the API
 * server reports only the first rejection, but every warning.
 * @param fetcherEnv the operator's variables for the fetcher
 * @param tracesEndpoint where the operator sends traces
 */
export async function applyGuard(api: Api, fetcherEnv: string, tracesEndpoint: string): Promise<void> {
  const { cluster } = api;
  const files = readdirSync(FOLDER).filter((file) => file !== 'kustomization.yaml');
  const manifests = [...files.map((file) => path.join(FOLDER, file)), NO_NATIVE]
    .map((file) => readFileSync(file, 'utf8').replace(BINDING, 'validationActions: [Warn]'))
    .join('\n---\n')
    // In some namespaces only, as the file explains.
    .replace(
      /^ {2}policyName: aws-secrets-injector-no-native-variables$/m,
      `$&\n  matchResources: { namespaceSelector: { matchLabels: ${JSON.stringify(NATIVE_FORBIDDEN)} } }`,
    )
    .replace(/^ {2}image: .*$/m, `  image: ${IMAGE_NAME}`)
    .replace(/^ {2}fetcher-env: .*$/m, `  fetcher-env: ${JSON.stringify(fetcherEnv)}`)
    .replace(/^ {2}traces-endpoint: .*$/m, `  traces-endpoint: ${tracesEndpoint}`);
  await run(cluster, ['create', 'namespace', PRODUCT_NAMESPACE]);
  await run(cluster, ['apply', '--server-side', '--filename=-'], manifests);
  for (const policy of ['aws-secrets-injector', 'aws-secrets-injector-plan'])
    await run(cluster, ['create', '--filename=-'], JSON.stringify(rejecting(policy)));
  const [optedIn, other] = [await api.namespace(), await api.namespace({})];
  for (const [namespace, policy] of [
    [optedIn, 'aws-secrets-injector'],
    [optedIn, 'aws-secrets-injector-plan'],
    [optedIn, 'aws-secrets-injector-containers'],
    [optedIn, 'aws-secrets-injector-image'],
    [optedIn, 'aws-secrets-injector-identity'],
    [optedIn, 'aws-secrets-injector-near-prefixes'],
    [other, 'aws-secrets-injector-not-opted-in'],
  ] as const) {
    await until(`the policy ${policy}`, { seconds: 60 }, async () => {
      const { stderr } = await api.create(FORGED(namespace), '--dry-run=server');
      return stderr.includes(`'${policy}'`) ? true : undefined;
    });
  }
}

/** The guard's objects for an image of the injector. */
export function guardFor(image: string): readonly KubernetesObject[] {
  return (guardObjects() as readonly KubernetesObject[]).map((object) =>
    object.kind === 'ConfigMap' ? { ...object, data: { ...(object['data'] as object), image } } : object,
  );
}

function rejecting(policy: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: `${policy}-rejects` },
    spec: {
      policyName: policy,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: REJECTING } },
    },
  };
}

/** A pod that every policy warns about. */
const FORGED = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace,
    name: 'forged',
    annotations: {
      'secrets-injector.dev/file.value': 'x',
      'secrets-injector.dev/assume-role-arn': 'x',
      'secret-injector.dev/file.value': 'x',
    },
  },
  spec: {
    initContainers: [{ name: 'aws-secrets-fetch', image: 'x', args: ['x'] }],
    containers: [{ name: 'app', image: 'x' }],
  },
});

async function run(cluster: Cluster, args: readonly string[], stdin = ''): Promise<void> {
  const { status, stderr } = await cluster.kubectl(args, stdin);
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}`);
}
