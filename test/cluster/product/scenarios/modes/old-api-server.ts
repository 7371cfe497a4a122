/** Kubernetes 1.34, whose API server has no native variables: who asks for them is told so, and nothing is ever empty. */
import { describe, expect, it } from 'vitest';
import { until } from '../../../until.ts';
import { APPLICATION, STATIC_IMAGE } from '../../application-image.ts';
import { PRODUCT_NAMESPACE } from '../../install.ts';
import { pod } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const DEPLOYMENT = [`--namespace=${PRODUCT_NAMESPACE}`, 'deployment/aws-secrets-injector'] as const;
const CAUSE = /the API server is Kubernetes \\?"v1\.34\.\d+\\?".* 1\.35/;

export function withoutFileKeys(stage: () => Stage): void {
  describe('where the API server has no native variables', () => {
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

    it.each(modes)('%s is refused, and the cause is named', isRefused);

    it('the operator cannot turn them on', async () => {
      const setting = 'SECRETS_INJECTOR_NATIVE_VARIABLES';
      await set(stage(), `${setting}=on`);
      for (const [mode, code] of modes) await isRefused(mode, code);
      await set(stage(), `${setting}-`);
    });
  });
}

/** Sets a variable of the webhook, or with a hyphen at its end removes it, and waits until only new replicas answer. */
async function set(stage: Stage, variable: string): Promise<void> {
  const [namespace, deployment] = DEPLOYMENT;
  await stage.kubectl(namespace, 'set', 'env', deployment, variable);
  await stage.kubectl(namespace, 'rollout', 'status', deployment, '--timeout=120s');
  await until('the replicas before to end', { seconds: 90 }, async () => {
    const selector = '--selector=app.kubernetes.io/component=webhook';
    const { items } = await stage.get<{ items: unknown[] }>(PRODUCT_NAMESPACE, 'pods', selector);
    return items.length === 2 ? true : undefined;
  });
}
