/** The operator's policy from a ConfigMap: followed while the webhook runs, and kept while a change is not valid. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { PRODUCT_NAMESPACE } from '../install.ts';
import { pod, shell } from '../pods.ts';
import type { Stage } from '../stage.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/policy-AbCdEf';
const IN_NAMESPACE = `--namespace=${PRODUCT_NAMESPACE}`;

export function operatorPolicy(stage: () => Stage): void {
  describe("the operator's policy", () => {
    it('a rule denies the pods of its namespaces; an invalid change keeps it, and an empty one ends it', async () => {
      const [limited, other] = [await stage().namespace(), await stage().namespace()];
      const rule = { name: 'own', namespaces: [limited], accounts: ['999988887777'] };
      const denied = /POLICY_DENIED .*the policy rule "own" does not allow/;

      await usePolicy(stage(), JSON.stringify({ rules: [rule] }));
      expect(await request(stage(), limited)).toMatch(denied);
      expect(await request(stage(), other)).toBe('');

      await setPolicy(stage(), JSON.stringify({ rules: [], rule }));
      await untilReplicas(stage(), ({ valid }) => valid === '0');
      expect(await request(stage(), limited)).toMatch(denied);
      const log = await stage().kubectl(IN_NAMESPACE, 'logs', 'deployment/aws-secrets-injector');
      expect(log).toMatch(/"problem":"[^"]*rule[^}]*"msg":"the policy cannot be used"/);

      await usePolicy(stage(), 'rules: []\n');
      expect(await request(stage(), limited)).toBe('');
    });
  });
}

/** @returns why the API server rejects a pod that requests a secret; empty if it accepts the pod */
async function request(stage: Stage, namespace: string): Promise<string> {
  const annotations = { 'secrets-injector.dev/file.value': ARN };
  const asking = pod(namespace, { annotations, containers: [shell('app', 'true')] });
  return (await stage.create(asking, '--dry-run=server')).stderr;
}

async function setPolicy(stage: Stage, policy: string): Promise<void> {
  const patch = JSON.stringify({ data: { 'policy.yaml': policy } });
  await stage.kubectl(IN_NAMESPACE, 'patch', 'configmap', 'aws-secrets-injector-policy', '--patch', patch);
}

/** Sets a valid policy, and waits until every replica uses it. */
async function usePolicy(stage: Stage, policy: string): Promise<void> {
  const before = await policyMetrics(stage);
  await setPolicy(stage, policy);
  await untilReplicas(stage, ({ valid, loaded }, at) => valid === '1' && loaded !== before[at]?.loaded);
}

interface PolicyMetrics {
  readonly valid: string;
  readonly loaded: string;
}

async function untilReplicas(
  stage: Stage,
  isTrue: (metrics: PolicyMetrics, at: number) => boolean,
): Promise<void> {
  // A change of a pod makes kubelet update its volumes at once, and not within a minute.
  await stage.kubectl(IN_NAMESPACE, 'annotate', 'pods', '--all', '--overwrite', `touched=${Date.now()}`);
  await until('the policy in every replica', { seconds: 180 }, async () =>
    (await policyMetrics(stage)).every(isTrue) ? true : undefined,
  );
}

/** The metrics of each replica, in the order of their names. */
async function policyMetrics(stage: Stage): Promise<readonly PolicyMetrics[]> {
  const names = await stage.kubectl(
    IN_NAMESPACE,
    'get',
    'pods',
    '--selector=app.kubernetes.io/component=webhook',
    '--output=jsonpath={.items[*].metadata.name}',
  );
  return await Promise.all(
    names.split(' ').map(async (name) => {
      const path = `/api/v1/namespaces/${PRODUCT_NAMESPACE}/pods/${name}:8080/proxy/metrics`;
      const text = await stage.kubectl('get', `--raw=${path}`);
      const metric = (what: string): string =>
        new RegExp(`^secrets_injector_policy_${what} (\\S+)$`, 'm').exec(text)?.[1] ?? '';
      return { valid: metric('valid'), loaded: metric('loaded_timestamp_seconds') };
    }),
  );
}
