/**
 * Installs the rollout controller as docs/guides/rollout.md describes: with the rule and the policy of the guide, and the
 * kustomize component. The controller stays until the cluster stops, so that its log and metrics can be searched.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { QueueHandle } from '../../aws-fake/index.ts';
import { ROOT } from '../../image/built-image.ts';
import { PRODUCT_NAMESPACE, ROLLOUT_NAME } from './install.ts';
import { webIdentity } from './pods.ts';
import { CA_FILE, IMAGE_NAME, IMAGE_TAG } from './product-image.ts';
import type { Stage } from './stage.ts';

const ROLE = 'arn:aws:iam::111122223333:role/secret-rollouts';
const REGION = 'eu-west-1';

interface Policy {
  readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: string }[];
}

interface EventPattern {
  readonly source: readonly string[];
  readonly 'detail-type': readonly string[];
}

/**
 * Installs the controller, and waits until it is ready.
 * @returns its queue
 * @throws Error with the output of kubectl
 */
export async function installRolloutController(stage: Stage): Promise<QueueHandle> {
  const { aws, cluster } = stage;
  const guide = readFileSync(path.join(ROOT, 'docs/guides/rollout.md'), 'utf8');
  const { Statement } = JSON.parse(found(guide, /^```json\n(.*?)^```$/ms)) as Policy;
  const pattern = parse(found(guide, /^ *EventPattern: (\{.*\})$/m)) as EventPattern;
  const allow = Statement.map(({ Resource }) => Resource);
  aws.putRole({
    arn: ROLE,
    subjects: [`system:serviceaccount:${PRODUCT_NAMESPACE}:${ROLLOUT_NAME}`],
    actions: Statement.flatMap(({ Action }) => Action),
    allow,
  });
  const queue = aws.putQueue({ arn: allow.find((arn) => arn.startsWith(`arn:aws:sqs:${REGION}:`)) ?? '' });
  aws.putEventRule({
    queueArn: queue.arn,
    matches: (event) =>
      pattern.source.includes(event.source) && pattern['detail-type'].includes(event['detail-type']),
  });
  const folder = path.join(cluster.facts.directory, 'product/rollout');
  mkdirSync(folder);
  // JSON is YAML.
  writeFileSync(path.join(folder, 'kustomization.yaml'), JSON.stringify(kustomization(aws.url, queue.url)));
  await stage.kubectl('apply', '--server-side', '--kustomize', folder);
  // The controller is ready when it has read the workloads.
  await stage.waitFor(PRODUCT_NAMESPACE, `deployment/${ROLLOUT_NAME}`, '{.status.readyReplicas}', '1');
  return queue;
}

function found(text: string, pattern: RegExp): string {
  const [, match] = pattern.exec(text) ?? [];
  if (match === undefined) throw new Error(`docs/guides/rollout.md does not contain ${pattern.source}`);
  return match;
}

function kustomization(awsUrl: string, queueUrl: string): object {
  const { env, volumeMount, volume } = webIdentity(ROLE);
  const settings = {
    SECRETS_INJECTOR_QUEUE_URL: queueUrl,
    // The host of the URL does not contain it.
    SECRETS_INJECTOR_QUEUE_REGION: REGION,
    SECRETS_INJECTOR_RESTART_DELAY: '1s',
    SECRETS_INJECTOR_CA_BUNDLE_FILE: CA_FILE,
    AWS_ENDPOINT_URL: awsUrl,
  };
  const container = {
    name: 'rollout',
    env: [...env, ...Object.entries(settings).map(([name, value]) => ({ name, value }))],
    volumeMounts: [volumeMount],
  };
  const patch = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: PRODUCT_NAMESPACE, name: ROLLOUT_NAME },
    spec: { template: { spec: { containers: [container], volumes: [volume] } } },
  };
  return {
    // The copy of the manifests that the product was installed from.
    components: ['../manifests/components/rollout'],
    images: [{ name: 'aws-secrets-injector', newName: IMAGE_NAME, newTag: IMAGE_TAG }],
    patches: [{ patch: JSON.stringify(patch) }],
  };
}
