/** Other webhooks that act like the injectors of Istio and Linkerd: proxies as containers, and as native sidecars. */
import { describe, expect, it } from 'vitest';
import type { Neighbours } from '../../../neighbours/neighbour.ts';
import { find, names } from '../../../neighbours/pods.ts';
import { until } from '../../../until.ts';
import { checksum, pod } from '../../pods.ts';
import type { Stage } from '../../stage.ts';
import { EVERYTHING, makeScene, NOTHING, READS, receives } from './scene.ts';

const FETCHER = 'aws-secrets-fetch';

interface PodStatus {
  readonly status: {
    readonly initContainerStatuses: readonly ContainerStatus[];
    readonly containerStatuses: readonly ContainerStatus[];
  };
}
interface ContainerStatus {
  readonly name: string;
  readonly started?: boolean;
  readonly state: {
    readonly running?: { readonly startedAt: string };
    readonly terminated?: { readonly startedAt: string; readonly exitCode: number };
  };
}

export function meshes(stage: () => Stage, neighbours: () => Neighbours): void {
  describe.concurrent('that add a mesh proxy', () => {
    const cases = [
      ['istio-classic', [FETCHER, 'prepare', 'istio-init'], ['app', 'istio-proxy']],
      ['istio-native', ['istio-init', 'istio-proxy', FETCHER, 'prepare'], ['app']],
      ['linkerd-classic', [FETCHER, 'prepare', 'linkerd-init'], ['linkerd-proxy', 'app']],
      ['linkerd-native', ['linkerd-init', 'linkerd-proxy', FETCHER, 'prepare'], ['app']],
    ] as const;
    const orders = [
      { place: 'before', program: 'current', reinvocationPolicy: 'Never' },
      { place: 'before', program: 'current', reinvocationPolicy: 'IfNeeded' },
      { place: 'after', program: 'current', reinvocationPolicy: 'IfNeeded' },
      { place: 'after', program: 'old', reinvocationPolicy: 'Never' },
    ] as const;
    it.each(cases)(
      '%s: the proxy receives nothing, and the order is correct',
      async (path, init, regular) => {
        await Promise.all(
          orders.map(async (order) => {
            const what = JSON.stringify(order);
            const scene = await makeScene(stage(), neighbours(), { ...order, path });
            const { initContainers, containers } = await scene.admitted({
              initContainers: [{ name: 'prepare', command: ['sh', '-c', 'true'] }],
            });
            expect(names(initContainers), what).toEqual(init);
            expect(names(containers), what).toEqual(regular);
            expect(receives(find(containers, 'app')), what).toEqual(EVERYTHING);
            for (const container of [...initContainers, ...containers])
              if (container.name !== 'app' && container.name !== FETCHER)
                expect([what, container.name, receives(container)]).toEqual([what, container.name, NOTHING]);
            const proxy = initContainers.find(({ name }) => name.endsWith('-proxy'));
            if (proxy !== undefined) expect(proxy.restartPolicy, what).toBe('Always');
          }),
        );
      },
    );

    it('a native sidecar starts before the fetcher, and the application receives its secrets', async () => {
      const scene = await makeScene(stage(), neighbours(), { place: 'after', path: 'istio-native' });
      const { namespace, annotations, db } = scene;
      await stage().mustCreate(pod(namespace, { annotations, containers: [READS] }));
      expect(await stage().outputOf(namespace, 'app')).toEqual([checksum(db.user), checksum(db.text)]);
      const { status } = await stage().get<PodStatus>(namespace, 'pod', 'app');
      const begin = (name: string): string => {
        const { state } = find(status.initContainerStatuses, name);
        return state.terminated?.startedAt ?? state.running?.startedAt ?? '';
      };
      // Its startup probe takes a second, and times are in whole seconds.
      expect(begin('istio-proxy') < begin(FETCHER)).toBe(true);
    });

    it('a classic proxy runs next to the application, which receives its secrets', async () => {
      const scene = await makeScene(stage(), neighbours(), { place: 'before', path: 'linkerd-classic' });
      const { namespace, annotations, db } = scene;
      await stage().mustCreate(pod(namespace, { annotations, containers: [READS] }));
      // The proxy never ends, so the pod never succeeds.
      const ended = await until('the application to end', { seconds: 120 }, async () => {
        const { status } = await stage().get<PodStatus>(namespace, 'pod', 'app');
        return find(status.containerStatuses, 'app').state.terminated;
      });
      expect(ended.exitCode).toBe(0);
      expect(await stage().logs(namespace, 'app')).toEqual([checksum(db.user), checksum(db.text)]);
      const look = ['exec', 'app', '--container=linkerd-proxy', '--', 'test', '!', '-e', '/run/secrets/aws'];
      await stage().kubectl(`--namespace=${namespace}`, ...look);
      await stage().kubectl(`--namespace=${namespace}`, 'delete', 'pod', 'app', '--wait=false');
    });
  });
}
