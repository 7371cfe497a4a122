/** Pods whose fetcher is a native sidecar: they start with their files, become ready, and end as without. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { checksum, pod, podTemplate, printFile, printVariable, shell } from '../pods.ts';
import { arnOf, nativeCanary, putJsonSecret } from '../secrets.ts';
import { NAMESPACE_LABEL, type Stage } from '../stage.ts';

const READS = [printVariable('DB_USER'), printFile('/run/secrets/aws/value')];
const RESTRICTED = {
  runAsNonRoot: true,
  runAsUser: 1000,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

interface InitStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
}

interface AdmittedPod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly qosClass: string; readonly initContainerStatuses: readonly InitStatus[] };
}

export function refreshShapes(stage: () => Stage): void {
  describe.concurrent('pods with refresh', () => {
    it('a Job in a restricted namespace completes, with its variable and its file', async () => {
      const namespace = await stage().namespace({
        [NAMESPACE_LABEL]: 'enabled',
        'pod-security.kubernetes.io/enforce': 'restricted',
      });
      const db = putJsonSecret(stage().aws, `${namespace}-job`, nativeCanary);
      const template = podTemplate({
        annotations: {
          'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
          'secrets-injector.dev/file.value': db.arn,
          'secrets-injector.dev/refresh': '30s',
        },
        containers: [{ ...shell('app', ...READS), securityContext: RESTRICTED }],
      });
      await stage().mustCreate({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { namespace, name: 'work' },
        spec: { template, backoffLimit: 0 },
      });
      await stage().waitFor(namespace, 'job/work', '{.status.succeeded}', '1');
      const { items } = await stage().get<{ readonly items: readonly AdmittedPod[] }>(namespace, 'pods');
      expect(items).toHaveLength(1);
      const [{ metadata } = { metadata: { name: '' } }] = items;
      expect(await stage().outputOf(namespace, metadata.name)).toEqual([
        checksum(db.user),
        checksum(db.text),
      ]);
    });

    it('a Guaranteed pod stays Guaranteed, and becomes ready with refresh-required', async () => {
      const namespace = await stage().namespace();
      const db = putJsonSecret(stage().aws, `${namespace}-guaranteed`);
      const amounts = { cpu: '200m', memory: '64Mi' };
      await stage().mustCreate(
        pod(namespace, {
          annotations: {
            'secrets-injector.dev/file.value': db.arn,
            'secrets-injector.dev/refresh': '1h',
            'secrets-injector.dev/refresh-required': 'true',
            'secrets-injector.dev/on-change': 'touch:changed',
          },
          containers: [
            {
              ...shell('app', printFile('/run/secrets/aws/value'), 'exec sleep 600'),
              resources: { requests: amounts, limits: amounts },
            },
          ],
        }),
      );
      const ready = "{.status.conditions[?(@.type=='Ready')].status}";
      await stage().waitFor(namespace, 'pod/app', ready, 'True');
      expect(await stage().printed(namespace, 'app', 'app', 1)).toEqual([checksum(db.text)]);
      const { status } = await stage().get<AdmittedPod>(namespace, 'pod', 'app');
      expect(status.qosClass).toBe('Guaranteed');
      expect(status.initContainerStatuses).toMatchObject([
        { name: 'aws-secrets-fetch', ready: true, started: true, restartCount: 0 },
      ]);
      // kubelet ends the sidecar after the application, within the grace period of the pod.
      await stage().kubectl(`--namespace=${namespace}`, 'delete', 'pod', 'app', '--timeout=60s');
    });

    it('the application waits until the first fetch succeeds', async () => {
      const namespace = await stage().namespace();
      await stage().mustCreate(
        pod(namespace, {
          annotations: {
            'secrets-injector.dev/file.value': arnOf(`${namespace}-late`),
            'secrets-injector.dev/refresh': '1h',
            'secrets-injector.dev/fetch-timeout': '5s',
          },
          containers: [shell('app', printFile('/run/secrets/aws/value'))],
        }),
      );
      // The fetcher of a pod that never restarts does, because it is a sidecar.
      await until('the fetcher to start again', { seconds: 90 }, async () => {
        const { status } = await stage().get<AdmittedPod>(namespace, 'pod', 'app');
        const [fetcher] = status.initContainerStatuses ?? [];
        return fetcher !== undefined && fetcher.restartCount > 0 ? true : undefined;
      });
      const { text } = putJsonSecret(stage().aws, `${namespace}-late`);
      expect(await stage().outputOf(namespace, 'app')).toEqual([checksum(text)]);
    });
  });
}
