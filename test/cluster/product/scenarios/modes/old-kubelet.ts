/**
 * A node whose kubelet does not support native variables although its version does: the feature gate is off. An older
 * kubelet treats such a variable the same way.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import { checksum, pod, printVariable, shell } from '../../pods.ts';
import { nativeCanary, putJsonSecret } from '../../secrets.ts';
import type { KubernetesObject, Stage } from '../../stage.ts';

const READS = shell('app', printVariable('DB_USER'));

interface Injected {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: {
    readonly initContainers: readonly {
      readonly name: string;
      readonly env: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

export function oldKubelet(stage: () => Stage): void {
  // An older API server rejects native variables itself.
  describe.skipIf(!hasFileKeys(wantedKubernetes()))('a kubelet without support for native variables', () => {
    beforeAll(async () => await stage().cluster.restartKubelet({ EnvFiles: false }));
    afterAll(async () => await stage().cluster.restartKubelet({}));

    it.each(['auto', 'native'])(
      '%s: the pod fails with the reason, and the application never starts',
      async (mode) => {
        const name = await stage().namespace();
        const { asking } = prepare(stage(), name, mode);
        await stage().mustCreate(asking);
        await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Failed');
        const described = await stage().kubectl(`--namespace=${name}`, 'describe', 'pod', 'app');
        expect(described).toContain('KUBELET_TOO_OLD');
        expect(described).toMatch(/the kubelet.* node "node-1" does not support fileKeyRef/);
        expect(described).toContain('Exit Code:    16');
        const started = '--output=jsonpath={.status.containerStatuses[0].state.waiting.reason}';
        expect(await stage().kubectl(`--namespace=${name}`, 'get', 'pod', 'app', started)).toBe(
          'PodInitializing',
        );
      },
    );

    it('shell mode works', async () => {
      const name = await stage().namespace();
      const { asking, user } = prepare(stage(), name, 'shell');
      await stage().mustCreate(asking);
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(user)]);
    });

    // With the setting native-variables "on", there is no check: the operator guarantees that no such node exists.
    it('without the check, the application starts with an empty variable', async () => {
      const name = await stage().namespace();
      const { asking } = prepare(stage(), name, 'native');
      const { stdout } = await stage().create(asking, '--dry-run=server', '--output=json');
      await stage().mustCreate(withoutProof(JSON.parse(stdout) as Injected));
      expect(await stage().outputOf(name, 'app')).toEqual([checksum('')]);
    });

    it('with support again, the pod starts', async () => {
      await stage().cluster.restartKubelet({});
      const name = await stage().namespace();
      const { asking, user } = prepare(stage(), name, 'auto');
      await stage().mustCreate(asking);
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(user)]);
    });
  });
}

function prepare(
  stage: Stage,
  name: string,
  mode: string,
): { readonly asking: KubernetesObject; readonly user: string } {
  const { arn, user } = putJsonSecret(stage.aws, name, nativeCanary);
  const annotations = {
    'secrets-injector.dev/env.DB_USER': `${arn}:user`,
    'secrets-injector.dev/env-mode': mode,
  };
  return { asking: pod(name, { annotations, containers: [READS] }), user };
}

/** The pod as the webhook injects it with the setting `on`. */
function withoutProof({ metadata, spec }: Injected): KubernetesObject {
  const initContainers = spec.initContainers
    .filter(({ name }) => name !== 'aws-secrets-check')
    .map((container) => ({
      ...container,
      env: container.env.map((entry) =>
        entry.name === 'SECRETS_INJECTOR_PLAN'
          ? { ...entry, value: entry.value?.replace(',"probe":true', '') }
          : entry,
      ),
    }));
  const { name, namespace, annotations } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, annotations },
    spec: { ...spec, initContainers },
  };
}
