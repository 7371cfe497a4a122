/** The guard: without the webhook, or after other changes, a pod starts with its requested secrets or not at all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { MIRROR, PRODUCT_NAMESPACE } from '../install.ts';
import { putJsonSecret } from '../secrets.ts';
import type { KubernetesObject, Stage } from '../stage.ts';
import { altered, fetcher, type InjectedPod, type Json, type PodSpec, replan, set } from './guard/alter.ts';
import { askingForShell } from './guard/shell.ts';

const CONFIGURATION = 'mutatingwebhookconfiguration/aws-secrets-injector';

export function bypassed(stage: () => Stage): void {
  describe('without the webhook', () => {
    let namespace = '';
    let asking: KubernetesObject;
    let injected: InjectedPod;
    let registration = '';

    beforeAll(async () => {
      namespace = await stage().namespace();
      const db = putJsonSecret(stage().aws, `${namespace}-guard`);
      asking = askingForShell(namespace, db.arn);
      const { stdout } = await stage().create(asking, '--dry-run=server', '--output=json');
      injected = JSON.parse(stdout) as InjectedPod;
      registration = await stage().kubectl('get', CONFIGURATION, '--output=json');
      await stage().kubectl('delete', CONFIGURATION);
      await until('the API server to unregister the webhook', { seconds: 60 }, async () => {
        const { stderr } = await stage().create(asking, '--dry-run=server');
        return stderr.includes('was not injected') ? true : undefined;
      });
    });

    afterAll(async () => {
      const { metadata, ...rest } = JSON.parse(registration) as KubernetesObject;
      const { name, labels } = metadata;
      await stage().mustCreate({ ...rest, metadata: { name, labels } } as KubernetesObject);
      await until('the API server to register the webhook', { seconds: 60 }, async () => {
        const { status } = await stage().create(asking, '--dry-run=server');
        return status === 0 ? true : undefined;
      });
    });

    it('after its configuration is deleted, a pod is rejected with the command to check it', async () => {
      const { status, stderr } = await stage().create(asking);
      expect(status).toBe(1);
      expect(stderr).toContain('kubectl get mutatingwebhookconfiguration aws-secrets-injector');
    });

    it('a restored pod with a complete injection is admitted', async () => {
      const { status, stderr } = await stage().create(
        altered(injected, () => {}),
        '--dry-run=server',
      );
      expect([status, stderr]).toEqual([0, '']);
    });

    // Each policy has its own tests (guard.test.ts).
    it.each<[what: string, change: (spec: PodSpec) => void]>([
      ['another image', (spec) => set(fetcher(spec), 'image', 'evil.example/x:1')],
      ['another command', (spec) => set(fetcher(spec), 'command', ['sh'])],
      ['another plan', (spec) => replan(spec, '"key":"user"', '"key":"password"')],
      ['another working directory', (spec) => set(fetcher(spec), 'workingDir', '/tmp')],
    ])('an injection with %s is rejected', async (_what, change) => {
      const { status, stderr } = await stage().create(altered(injected, change), '--dry-run=server');
      expect(stderr).toContain('denied request');
      expect(status).toBe(1);
    });

    it('with failurePolicy Ignore and an unreachable webhook, the guard rejects the pod', async () => {
      const { metadata, ...rest } = JSON.parse(registration) as KubernetesObject & { webhooks: Json[] };
      const webhooks = rest.webhooks.map((webhook) => ({
        ...webhook,
        failurePolicy: 'Ignore',
        timeoutSeconds: 1,
        clientConfig: { url: 'https://127.0.0.1:1/mutate' },
      }));
      await stage().mustCreate({
        ...rest,
        webhooks,
        metadata: { name: metadata['name'] },
      } as unknown as KubernetesObject);
      await until('the API server to use the new configuration', { seconds: 60 }, async () => {
        const { stderr } = await stage().create(asking, '--dry-run=server');
        return stderr.includes('Failed calling webhook') || stderr.includes('was not injected')
          ? true
          : undefined;
      });
      const { stderr, status } = await stage().create(asking);
      await stage().kubectl('delete', CONFIGURATION);
      expect(stderr).toContain('the init container aws-secrets-fetch was not injected');
      expect(status).toBe(1);
    });

    it('the image policy accepts a mirror that the operator lists', async () => {
      const mirrored = altered(injected, (spec) =>
        set(fetcher(spec), 'image', 'mirror.example/x/aws-secrets-injector:2'),
      );
      const before = `other.example/y ${MIRROR}`;
      const patch = (mirrors: string): Promise<string> =>
        stage().kubectl(
          `--namespace=${PRODUCT_NAMESPACE}`,
          'patch',
          'configmap',
          'aws-secrets-injector-guard',
          '--type=merge',
          `--patch=${JSON.stringify({ data: { mirrors } })}`,
        );
      await patch(`${before} mirror.example/x/aws-secrets-injector`);
      await until('the guard to accept the mirror', { seconds: 30 }, async () => {
        const { status } = await stage().create(mirrored, '--dry-run=server');
        return status === 0 ? true : undefined;
      });
      await patch(before);
    });
  });
}
