/** Pods without requests stay unchanged, even while the webhook is down. Pods with requests are then rejected. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { PRODUCT_NAMESPACE } from '../install.ts';
import { administrator, post } from '../pod-requests.ts';
import { pod, shell } from '../pods.ts';
import { putJsonSecret } from '../secrets.ts';
import { type KubernetesObject, NAMESPACE_LABEL, type Stage } from '../stage.ts';

const ASKS = {
  'secrets-injector.dev/file.db.json': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/any-AbCdEf',
};

export function untouched(stage: () => Stage): void {
  describe('pods without requests', () => {
    let optedIn = '';
    let notOptedIn = '';
    beforeAll(async () => {
      optedIn = await stage().namespace();
      notOptedIn = await stage().namespace({});
    });

    const cases: readonly (readonly [string, () => string, Readonly<Record<string, string>>])[] = [
      ['without annotations', () => optedIn, {}],
      ['with other annotations', () => optedIn, { 'example.com/secrets-injector.dev': 'x' }],
      [
        'with options and an alias alone',
        () => optedIn,
        {
          'secrets-injector.dev/env-mode': 'file',
          'secrets-injector.dev/secret.db': ASKS['secrets-injector.dev/file.db.json'],
        },
      ],
      ['that opted out', () => optedIn, { ...ASKS, 'secrets-injector.dev/inject': 'false' }],
      ['in a namespace without injection', () => notOptedIn, {}],
      ['in kube-system', () => 'kube-system', {}],
      ["in the product's namespace", () => PRODUCT_NAMESPACE, {}],
    ];

    async function isUntouched(
      namespace: string,
      annotations: Readonly<Record<string, string>>,
    ): Promise<void> {
      const quiet = pod(namespace, { name: 'quiet', annotations, containers: [RESTRICTED], spec: GATED });
      const made = await stage().create(quiet, '--output=json');
      await stage().kubectl(`--namespace=${namespace}`, 'delete', 'pod', 'quiet', '--ignore-not-found');
      expect(made.stderr).toBe('');
      const { spec } = JSON.parse(made.stdout) as {
        spec: { initContainers?: unknown; volumes: { name: string }[] };
      };
      expect(spec.initContainers).toBeUndefined();
      expect(
        spec.volumes.map((volume) => volume.name).filter((name) => name.startsWith('aws-secrets')),
      ).toEqual([]);
    }

    it.each(cases)('%s are created unchanged', async (_what, namespace, annotations) => {
      await isUntouched(namespace(), annotations);
    });

    it('with a request in a namespace without injection, the message has the command to enable it', async () => {
      const { status, stderr } = await stage().create(pod(notOptedIn, { annotations: ASKS }));
      expect(status).toBe(1);
      expect(stderr).toContain(`Run: kubectl label namespace ${notOptedIn} ${NAMESPACE_LABEL}=enabled`);
    });

    it('with a request in kube-system, they are rejected even if the namespace is labelled', async () => {
      const { stderr } = await stage().create(pod('kube-system', { annotations: ASKS }));
      expect(stderr).toContain('injection is not supported in the namespace kube-system');
      await stage().kubectl('label', 'namespace', 'kube-system', `${NAMESPACE_LABEL}=enabled`);
      const labelled = await stage().create(pod('kube-system', { annotations: ASKS }));
      await stage().kubectl('label', 'namespace', 'kube-system', `${NAMESPACE_LABEL}-`);
      expect(labelled.stderr).toContain('the init container aws-secrets-fetch was not injected');
    });

    it('of a workload with the annotations in the wrong place: the user gets a warning', async () => {
      const { stderr, status } = await stage().create(
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { namespace: optedIn, name: 'misplaced', annotations: ASKS },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'app' } },
            template: {
              metadata: { labels: { app: 'app' } },
              spec: { containers: [{ name: 'app', image: 'x' }] },
            },
          },
        },
        '--dry-run=server',
      );
      expect(status).toBe(0);
      expect(stderr).toContain(
        'has no effect on this object. Move it to the pod template (spec.template.metadata.annotations)',
      );
    });

    /** A pod as the webhook returns it, which is created again. */
    async function injected(name: string): Promise<KubernetesObject> {
      const asking = pod(optedIn, { name, annotations: ASKS, containers: [RESTRICTED] });
      const { stdout } = await stage().create(asking, '--dry-run=server', '--output=json');
      const { apiVersion, kind, spec } = JSON.parse(stdout) as KubernetesObject;
      return { apiVersion, kind, metadata: { ...asking.metadata }, spec };
    }

    // In a review, each < becomes six bytes, so that it is larger than 8 MiB. An API server accepts 3 MiB.
    it.each(['retry-4', 'verify'])(
      'too large for the webhook, they are rejected by %s',
      async (registration) => {
        const large =
          registration === 'verify'
            ? await injected('large')
            : pod(optedIn, { name: 'large', annotations: ASKS });
        const { containers, ...spec } = large['spec'] as { readonly containers: readonly object[] };
        const lifecycle = { preStop: { exec: { command: ['<'.repeat(1_430_000)] } } };
        const { facts } = stage().cluster;
        const agent = administrator(facts);
        const url = new URL(`/api/v1/namespaces/${optedIn}/pods`, facts.apiServerUrl);
        const body = {
          ...large,
          spec: { ...spec, containers: containers.map((one) => ({ ...one, lifecycle })) },
        };
        const answer = await post(url, agent, body);
        agent.destroy();
        expect(JSON.parse(answer)).toMatchObject({
          kind: 'Status',
          message: expect.stringContaining(`failed calling webhook "${registration}.secrets-injector.dev"`),
        });
      },
    );

    describe('while the webhook is down', () => {
      let arrives: KubernetesObject;
      beforeAll(async () => {
        arrives = await injected('arrives');
        await scale(stage(), 0);
      });
      afterAll(async () => {
        await scale(stage(), 2);
      });

      it.each(cases)('%s are created unchanged', async (_what, namespace, annotations) => {
        await isUntouched(namespace(), annotations);
      });

      it('pods with requests are rejected, and the message names the webhook', async () => {
        const { status, stderr } = await stage().create(pod(optedIn, { annotations: ASKS }));
        expect(status).toBe(1);
        expect(stderr).toContain('failed calling webhook "retry-4.secrets-injector.dev"');
        expect(stderr).toContain('no endpoints available for service "aws-secrets-injector"');
      });

      it('so are pods that arrive injected: otherwise, a failed call would avoid the policy of the operator', async () => {
        expect(JSON.stringify(arrives)).toContain('"name":"aws-secrets-fetch"');
        const { status, stderr } = await stage().create(arrives);
        expect(status).toBe(1);
        expect(stderr).toContain('failed calling webhook "verify.secrets-injector.dev"');
      });

      it('the events of the ReplicaSet and the condition of the Deployment have the reason', async () => {
        const db = putJsonSecret(stage().aws, 'down');
        const template = pod(optedIn, { annotations: { 'secrets-injector.dev/file.db.json': db.arn } });
        await stage().mustCreate({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { namespace: optedIn, name: 'waiting' },
          spec: {
            selector: { matchLabels: { app: 'app' } },
            template: {
              metadata: { labels: { app: 'app' }, annotations: template.metadata['annotations'] },
              spec: { ...(template['spec'] as object), restartPolicy: 'Always' },
            },
          },
        });
        await stage().waitFor(
          optedIn,
          'deployment/waiting',
          '{.status.conditions[?(@.type=="ReplicaFailure")].reason}',
          'FailedCreate',
        );
        const events = await stage().kubectl(`--namespace=${optedIn}`, 'get', 'events', '--output=json');
        expect(events).toContain('failed calling webhook');
      });
    });

    it('a waiting workload gets its pod by itself when the webhook is available again', async () => {
      await stage().waitFor(optedIn, 'deployment/waiting', '{.status.replicas}', '1');
    });
  });
}

/** The pod is never scheduled, because only its admission is tested. */
const GATED = { schedulingGates: [{ name: 'example.com/never' }] };

// Meets the Pod Security profile of the product's namespace.
const RESTRICTED = {
  ...shell('app', 'true'),
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

async function scale(stage: Stage, replicas: number): Promise<void> {
  const namespace = `--namespace=${PRODUCT_NAMESPACE}`;
  await stage.kubectl(namespace, 'scale', 'deployment/aws-secrets-injector', `--replicas=${replicas}`);
  await stage.kubectl(namespace, 'rollout', 'status', 'deployment/aws-secrets-injector', '--timeout=120s');
  if (replicas === 0) {
    // Replicas respond for a while after they are removed from the endpoints.
    const selector = '--selector=app.kubernetes.io/component=webhook';
    await stage.kubectl(namespace, 'wait', 'pods', selector, '--for=delete', '--timeout=90s');
  }
  await until('endpoints of the webhook', { seconds: 90 }, async () => {
    const slices = await stage.kubectl(
      namespace,
      'get',
      'endpointslices',
      '--output=jsonpath={.items[*].endpoints[*].conditions.ready}',
    );
    const ready = slices.split(' ').filter((word) => word === 'true').length;
    return ready === replicas ? true : undefined;
  });
}
