/** Kubernetes 1.34, whose API server does not support native variables: the webhook rejects pods that need them. */
import { describe, expect, it } from 'vitest';
import { until } from '../../../until.ts';
import { APPLICATION, STATIC_IMAGE } from '../../application-image.ts';
import { PRODUCT_NAMESPACE } from '../../install.ts';
import { pod } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const DEPLOYMENT = [`--namespace=${PRODUCT_NAMESPACE}`, 'deployment/aws-secrets-injector'] as const;
const CAUSE = /the API server has version \\?"v1\.34\.\d+\\?".* 1\.35/;

export function withoutFileKeys(stage: () => Stage): void {
  describe('where the API server does not support native variables', () => {
    const modes = [
      ['native', 'ENV_MODE_NATIVE_UNAVAILABLE'],
      ['auto', 'ENV_MODE_UNDECIDED'],
    ] as const;

    async function isRefused(mode: string, code: string): Promise<void> {
      const name = await stage().namespace();
      stage().aws.putSecret({ arn: arnOf(name), value: canary() });
      const annotations = {
        'secrets-injector.dev/env.TOKEN': arnOf(name),
        'secrets-injector.dev/env-mode': mode,
      };
      const containers = [{ name: 'app', image: STATIC_IMAGE, command: [APPLICATION], args: ['env:TOKEN'] }];
      const { status, stderr } = await stage().create(pod(name, { annotations, containers }));
      expect(status).toBe(1);
      expect(stderr).toContain(code);
      expect(stderr).toMatch(CAUSE);
      const { items } = await stage().get<{ items: unknown[] }>(name, 'pods');
      expect(items).toEqual([]);
    }

    it.each(modes)('%s is rejected with the reason', isRefused);

    it('the operator cannot enable them', async () => {
      const setting = 'SECRETS_INJECTOR_NATIVE_VARIABLES';
      await set(stage(), `${setting}=on`);
      for (const [mode, code] of modes) await isRefused(mode, code);
      await set(stage(), `${setting}-`);
    });
  });
}

/** Sets a variable of the webhook (or removes it, with a final hyphen), and waits until only new replicas exist. */
async function set(stage: Stage, variable: string): Promise<void> {
  const [namespace, deployment] = DEPLOYMENT;
  await stage.kubectl(namespace, 'set', 'env', deployment, variable);
  await stage.kubectl(namespace, 'rollout', 'status', deployment, '--timeout=120s');
  await until('the old replicas to end', { seconds: 90 }, async () => {
    const selector = '--selector=app.kubernetes.io/component=webhook';
    const { items } = await stage.get<{ items: unknown[] }>(PRODUCT_NAMESPACE, 'pods', selector);
    return items.length === 2 ? true : undefined;
  });
}
