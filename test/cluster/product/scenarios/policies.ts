/** Namespaces that restrict pods: Pod Security, quotas, limit ranges; and pods that restrict themselves. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { type Container, checksum, type PodOptions, pod, podTemplate, printFile, shell } from '../pods.ts';
import { putJsonSecret } from '../secrets.ts';
import { type KubernetesObject, NAMESPACE_LABEL, type Stage } from '../stage.ts';

const READS = shell('app', printFile('/run/secrets/aws/value'));
const RESTRICTED = {
  runAsNonRoot: true,
  runAsUser: 1000,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

interface NodeStatus {
  readonly status: {
    readonly nodeInfo: { readonly containerRuntimeVersion: string };
    /** The features of each handler of the container runtime. */
    readonly runtimeHandlers?: readonly { readonly features?: { readonly userNamespaces?: boolean } }[];
  };
}

export function policies(stage: () => Stage): void {
  describe.concurrent('pods and namespaces with restrictions', () => {
    it('Pod Security restricted', async () => {
      const name = await stage().namespace({
        [NAMESPACE_LABEL]: 'enabled',
        'pod-security.kubernetes.io/enforce': 'restricted',
      });
      await starts(stage(), name, [{ ...READS, securityContext: RESTRICTED }]);
    });

    it('a quota on requests and limits that just fits the application', async () => {
      const name = await stage().namespace();
      const hard = {
        'requests.cpu': '400m',
        'limits.cpu': '400m',
        'requests.memory': '256Mi',
        'limits.memory': '256Mi',
      };
      await stage().mustCreate(object(name, 'ResourceQuota', { hard }));
      await starts(stage(), name, [{ ...READS, resources: same('400m', '256Mi') }]);
    });

    it('a limit range with defaults, a minimum, a maximum and a ratio', async () => {
      const name = await stage().namespace();
      const limits = [
        {
          type: 'Container',
          default: { cpu: '300m', memory: '256Mi' },
          defaultRequest: { cpu: '250m', memory: '128Mi' },
          min: { cpu: '100m', memory: '64Mi' },
          max: { cpu: '1', memory: '512Mi' },
          maxLimitRequestRatio: { cpu: '4' },
        },
      ];
      await stage().mustCreate(object(name, 'LimitRange', { limits }));
      await starts(stage(), name, [READS]);
      // The default is set before the webhook is called, so the fetcher has a computed limit, and not the default.
      expect(await cpuLimits(stage(), name)).toEqual(['500m', '300m']);
    });

    it('a limit range that the fetcher exceeds: rejected, and admitted with resources in annotations', async () => {
      const name = await stage().namespace();
      const limits = [{ type: 'Container', max: { memory: '120Mi' }, default: { memory: '64Mi' } }];
      await stage().mustCreate(object(name, 'LimitRange', { limits }));
      const db = putJsonSecret(stage().aws, `${name}-range`);
      const asking = (more: Readonly<Record<string, string>>): KubernetesObject =>
        pod(name, {
          annotations: { 'secrets-injector.dev/file.value': db.arn, ...more },
          containers: [READS],
        });
      const { stderr } = await stage().create(asking({}));
      expect(stderr).toContain('maximum memory usage per Container is 120Mi, but limit is 128Mi');
      await stage().mustCreate(
        asking({
          'secrets-injector.dev/memory-request': '112Mi',
          'secrets-injector.dev/memory-limit': '112Mi',
        }),
      );
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(db.text)]);
    });

    it('a quota that the fetcher exceeds: the events of the Job have the reason', async () => {
      const name = await stage().namespace();
      await stage().mustCreate(object(name, 'ResourceQuota', { hard: { 'limits.memory': '100Mi' } }));
      const db = putJsonSecret(stage().aws, `${name}-quota`);
      const resources = { limits: { memory: '64Mi' } };
      const template = podTemplate({
        annotations: { 'secrets-injector.dev/file.value': db.arn },
        containers: [{ ...READS, resources }],
      });
      await stage().mustCreate({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { namespace: name, name: 'work' },
        spec: { template },
      });
      const message = await until('the event of the Job', { seconds: 60 }, async () => {
        const { items } = await stage().get<{ items: { reason: string; message: string }[] }>(name, 'events');
        return items.find(({ reason }) => reason === 'FailedCreate')?.message;
      });
      expect(message).toContain('exceeded quota: rules, requested: limits.memory=128Mi');
    });

    it('hostUsers: false, if the node supports it', async (context) => {
      const { status } = await stage().get<NodeStatus>(
        'default',
        'nodes',
        stage().cluster.facts.node?.name ?? '',
      );
      const handlers = status.runtimeHandlers ?? [];
      if (!handlers.some(({ features }) => features?.userNamespaces === true)) {
        const { containerRuntimeVersion } = status.nodeInfo;
        const reason = `${containerRuntimeVersion} does not support user namespaces, which need containerd 2 and runc 1.2`;
        process.stderr.write(`the test of hostUsers is skipped: ${reason}\n`);
        context.skip(reason);
      }
      const name = await stage().namespace();
      await starts(stage(), name, [READS], { hostUsers: false });
    });

    it('a Guaranteed pod stays Guaranteed', async () => {
      const name = await stage().namespace();
      await starts(stage(), name, [{ ...READS, resources: same('200m', '128Mi') }]);
      const { status } = await stage().get<{ status: { qosClass: string } }>(name, 'pod', 'app');
      expect(status.qosClass).toBe('Guaranteed');
    });

    it.each<[string, Partial<PodOptions['spec']>, readonly object[]]>([
      ['fsGroup', { securityContext: { fsGroup: 2000 } }, [{}]],
      ['containers of different users', {}, [{ runAsUser: 1000 }, { runAsUser: 2000, runAsGroup: 2000 }]],
      ['user 0', { securityContext: { runAsUser: 0 } }, [{}]],
      ['user 0 in one container', {}, [{ runAsUser: 0 }, { runAsUser: 1000 }]],
      [
        'fsGroup and different users',
        { securityContext: { fsGroup: 2000 } },
        [{ runAsUser: 1000 }, { runAsUser: 1001 }],
      ],
    ])('%s', async (_what, spec, contexts) => {
      const name = await stage().namespace();
      const containers = contexts.map((securityContext, index) => ({
        ...READS,
        name: index === 0 ? 'app' : `app-${index}`,
        securityContext,
      }));
      await starts(stage(), name, containers, spec);
    });
  });
}

async function starts(
  stage: Stage,
  namespace: string,
  containers: readonly Container[],
  spec: PodOptions['spec'] = {},
): Promise<void> {
  const db = putJsonSecret(stage.aws, `${namespace}-rules`);
  await stage.mustCreate(
    pod(namespace, { annotations: { 'secrets-injector.dev/file.value': db.arn }, containers, spec }),
  );
  for (const { name } of containers)
    expect(await stage.outputOf(namespace, 'app', name)).toEqual([checksum(db.text)]);
}

/** Of the fetcher and of the application. */
async function cpuLimits(stage: Stage, namespace: string): Promise<readonly string[]> {
  const of = async (list: string): Promise<string> =>
    await stage.kubectl(
      `--namespace=${namespace}`,
      'get',
      'pod/app',
      `--output=jsonpath={.spec.${list}[0].resources.limits.cpu}`,
    );
  return [await of('initContainers'), await of('containers')];
}

function object(namespace: string, kind: string, spec: unknown): KubernetesObject {
  return { apiVersion: 'v1', kind, metadata: { namespace, name: 'rules' }, spec };
}

function same(cpu: string, memory: string): object {
  return { requests: { cpu, memory }, limits: { cpu, memory } };
}
