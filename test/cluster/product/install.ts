/** Installs the product as its manual describes: a kustomization on the manifests of the project, and kubectl. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../image/built-image.ts';
import type { Cluster } from '../cluster.ts';
import { CA_FILE, IMAGE_NAME, IMAGE_TAG } from './product-image.ts';

/** A mirror to which another webhook may rewrite images. */
export const MIRROR = 'mirror.example/aws-secrets-injector';
/** The label of namespaces whose pods the second registration receives (value `yes`). */
export const SECOND_PASS_LABEL = 'second-pass';
/** The namespace of the webhook. */
export const PRODUCT_NAMESPACE = 'aws-secrets-injector';
/** The rollout controller, its service account and its Lease. */
export const ROLLOUT_NAME = 'aws-secrets-injector-rollout';

/**
 * Installs the product, and waits until the webhook is ready.
 * @param folder for the kustomization; the function creates `manifests` and `my-cluster` in it
 * @param awsUrl of AWS for the injected containers
 * @throws Error with the output of kubectl
 */
export async function install(cluster: Cluster, folder: string, awsUrl: string): Promise<void> {
  writeKustomization(folder, awsUrl);
  await kubectl(cluster, 'apply', '--server-side', '--kustomize', path.join(folder, 'my-cluster'));
  await kubectl(
    cluster,
    `--namespace=${PRODUCT_NAMESPACE}`,
    'rollout',
    'status',
    'deployment/aws-secrets-injector',
    '--timeout=180s',
  );
}

function writeKustomization(folder: string, awsUrl: string): void {
  cpSync(path.join(ROOT, 'manifests'), path.join(folder, 'manifests'), { recursive: true });
  mkdirSync(path.join(folder, 'my-cluster'), { recursive: true });
  const kustomization = {
    resources: ['../manifests/base'],
    components: ['../manifests/components/second-pass/registration', '../manifests/components/policy'],
    images: [{ name: 'aws-secrets-injector', newName: IMAGE_NAME, newTag: IMAGE_TAG }],
    patches: [
      {
        target: { kind: 'Deployment', name: 'aws-secrets-injector' },
        patch: JSON.stringify([
          {
            op: 'add',
            path: '/spec/template/spec/containers/0/env/-',
            value: { name: 'SECRETS_INJECTOR_CA_BUNDLE_FILE', value: CA_FILE },
          },
        ]),
      },
      {
        target: { kind: 'MutatingWebhookConfiguration', name: 'zz-aws-secrets-injector' },
        patch: JSON.stringify([
          { op: 'add', path: `/webhooks/0/namespaceSelector/matchLabels/${SECOND_PASS_LABEL}`, value: 'yes' },
        ]),
      },
      {
        target: { kind: 'ConfigMap', name: 'aws-secrets-injector-guard' },
        patch: JSON.stringify([
          { op: 'replace', path: '/data/mirrors', value: `other.example/y ${MIRROR}` },
          { op: 'replace', path: '/data/fetcher-env', value: `AWS_ENDPOINT_URL=${awsUrl}` },
        ]),
      },
    ],
  };
  // JSON is YAML.
  writeFileSync(path.join(folder, 'my-cluster/kustomization.yaml'), JSON.stringify(kustomization));
}

async function kubectl(cluster: Cluster, ...args: readonly string[]): Promise<void> {
  const { status, stderr, stdout } = await cluster.kubectl(args);
  if (status === 0) return;
  const pods = await cluster.kubectl([`--namespace=${PRODUCT_NAMESPACE}`, 'describe', 'pods']);
  throw new Error(`kubectl ${args[0]} ended with ${status}: ${stderr}${stdout}\n${pods.stdout.slice(-6000)}`);
}
