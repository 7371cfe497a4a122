/** Large pods, many pods, and a webhook that is replaced, slow or not trusted. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../aws-fake/certificates.ts';
import { processesInCgroup } from '../../processes.ts';
import { until } from '../../until.ts';
import { creations } from '../audit.ts';
import { PRODUCT_NAMESPACE } from '../install.ts';
import { type PodOptions, pod } from '../pods.ts';
import { type JsonSecret, putJsonSecret } from '../secrets.ts';
import type { KubernetesObject, Stage } from '../stage.ts';

/** The pod is never scheduled, because only its admission is tested. */
const GATED = { schedulingGates: [{ name: 'example.com/never' }] };
const PRODUCT = `--namespace=${PRODUCT_NAMESPACE}`;

interface InjectedPod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly initContainers?: readonly { readonly name: string }[] };
}

export function load(stage: () => Stage): void {
  describe('admission', () => {
    let namespace = '';
    let db: JsonSecret;
    beforeAll(async () => {
      namespace = await stage().namespace();
      db = putJsonSecret(stage().aws, `${namespace}-load`);
    });
    const asking = (options: PodOptions = {}): KubernetesObject =>
      pod(namespace, {
        annotations: { 'secrets-injector.dev/file.value': db.arn },
        spec: GATED,
        ...options,
      });

    it('a dry run returns the injected pod without creating it, and the audit log records it', async () => {
      const { stdout, stderr } = await stage().create(
        asking({ name: 'dry' }),
        '--dry-run=server',
        '--output=json',
      );
      expect(stderr).toBe('');
      expect(isInjected(JSON.parse(stdout) as InjectedPod)).toBe(true);
      const { items } = await stage().get<{ items: unknown[] }>(namespace, 'pods');
      expect(items).toEqual([]);
      const [event] = creations(stage(), namespace).filter((one) => one.requestURI.includes('dryRun=All'));
      expect(event?.annotations).toMatchObject({
        'inject.secrets-injector.dev/outcome': 'injected',
        'inject.secrets-injector.dev/references': '1',
      });
    });

    it('a pod of 1 MiB', async () => {
      const env = Array.from({ length: 64 }, (_, index) => ({
        name: `V${index}`,
        value: 'x'.repeat(17_000),
      }));
      const containers = [{ name: 'app', command: ['sh', '-c', 'true'], env }];
      const { stdout, stderr } = await stage().create(asking({ name: 'large', containers }), '--output=json');
      expect(stderr).toBe('');
      expect(stdout.length).toBeGreaterThan(1 << 20);
      expect(isInjected(JSON.parse(stdout) as InjectedPod)).toBe(true);
    });

    it('200 pods in parallel while a replica is replaced: all are injected', async () => {
      const lists = Array.from({ length: 10 }, (_, list) => ({
        apiVersion: 'v1',
        kind: 'List',
        metadata: {},
        items: Array.from({ length: 20 }, (__, index) => asking({ name: `many-${list}-${index}` })),
      }));
      const { items: replicas } = await stage().get<{ items: InjectedPod[] }>(
        PRODUCT_NAMESPACE,
        'pods',
        '--selector=app.kubernetes.io/component=webhook',
      );
      const [made] = await Promise.all([
        Promise.all(lists.map((list) => stage().create(list))),
        stage().kubectl(PRODUCT, 'delete', 'pod', replicas[0]?.metadata.name ?? '', '--wait=false'),
      ]);
      expect(made.map(({ stderr }) => stderr)).toEqual(lists.map(() => ''));
      const { items } = await stage().get<{ items: InjectedPod[] }>(namespace, 'pods');
      const many = items.filter(({ metadata }) => metadata.name.startsWith('many-'));
      expect(many).toHaveLength(200);
      expect(many.filter((one) => !isInjected(one))).toEqual([]);
      await stage().kubectl(
        PRODUCT,
        'rollout',
        'status',
        'deployment/aws-secrets-injector',
        '--timeout=120s',
      );
    });

    it('a webhook that does not respond: rejected after all attempts, and admitted when it responds again', async () => {
      const { items } = await stage().get<{ items: { metadata: { uid: string } }[] }>(
        PRODUCT_NAMESPACE,
        'pods',
        '--selector=app.kubernetes.io/component=webhook',
      );
      const pids = items.flatMap(({ metadata }) => processesInCgroup(`pod${metadata.uid}`));
      expect(pids.length).toBeGreaterThanOrEqual(2);
      const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
        for (const pid of pids) process.kill(pid, name);
      };
      signal('SIGSTOP');
      const { stderr, status } = await stage()
        .create(asking({ name: 'slow' }))
        .finally(() => signal('SIGCONT'));
      expect(status).toBe(1);
      // The kubelet may have removed the replicas from the endpoints meanwhile.
      expect(stderr).toMatch(
        /failed calling webhook "retry-4\.secrets-injector\.dev".*(?:deadline exceeded|no endpoints available)/s,
      );
      await admits(stage(), asking({ name: 'after-slow' }));
    });

    it('caBundle with another CA alone: the webhook adds its own again, and pods are admitted', async () => {
      const path = '{.webhooks[0].clientConfig.caBundle}';
      const configuration = 'mutatingwebhookconfiguration/aws-secrets-injector';
      const bundle = async (): Promise<string> => {
        const text = await stage().kubectl('get', configuration, `--output=jsonpath=${path}`);
        return Buffer.from(text, 'base64').toString();
      };
      const right = await bundle();
      const value = Buffer.from((await makeCertificate()).ca).toString('base64');
      const patch = JSON.stringify(
        [0, 1, 2, 3, 4].map((index) => ({
          op: 'replace',
          path: `/webhooks/${index}/clientConfig/caBundle`,
          value,
        })),
      );
      await stage().kubectl('patch', configuration, '--type=json', `--patch=${patch}`);
      await until('the webhook to add its CA', { seconds: 60 }, async () =>
        (await bundle()).endsWith(right) ? true : undefined,
      );
      await admits(stage(), asking({ name: 'after-distrust' }));
    });
  });
}

async function admits(stage: Stage, asking: KubernetesObject): Promise<void> {
  await until('the webhook to respond', { seconds: 90 }, async () => {
    const { stdout, stderr } = await stage.create(asking, '--dry-run=server', '--output=json');
    if (stderr !== '') throw new Error(stderr);
    return isInjected(JSON.parse(stdout) as InjectedPod) ? true : undefined;
  });
}

function isInjected({ spec }: InjectedPod): boolean {
  return spec.initContainers?.[0]?.name === 'aws-secrets-fetch';
}
