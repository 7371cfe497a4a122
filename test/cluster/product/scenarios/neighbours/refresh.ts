/** Other webhooks whose libraries are too old for native sidecars, and drop `restartPolicy` of the fetcher. */
import { describe, expect, it } from 'vitest';
import type { Neighbours } from '../../../neighbours/neighbour.ts';
import { find } from '../../../neighbours/pods.ts';
import type { Stage } from '../../stage.ts';
import { isComplete, makeScene, type Neighbour, OURS } from './scene.ts';

export function sidecars(stage: () => Stage, neighbours: () => Neighbours): void {
  describe.concurrent('that drop restartPolicy', () => {
    const old = (reinvocationPolicy: 'Never' | 'IfNeeded'): Neighbour => ({
      place: 'after',
      path: 'web-identity',
      program: 'old',
      reinvocationPolicy,
    });
    const refreshed = async (neighbour: Neighbour) => {
      const scene = await makeScene(stage(), neighbours(), neighbour);
      const annotations = { ...scene.annotations, 'secrets-injector.dev/refresh': '5m' };
      return { scene, options: { annotations, identity: false } };
    };

    it('once: repaired by the second pass', async () => {
      const { scene, options } = await refreshed(old('Never'));
      const spec = await scene.admitted(options);
      expect(isComplete(spec)).toBe(true);
      expect(find(spec.initContainers, 'aws-secrets-fetch')).toMatchObject({
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['/app/aws-secrets-injector', 'refresh-status', 'started'] } },
      });
      const [name] = scene.registered;
      expect(await scene.rounds()).toEqual([`0 ${OURS} mutated`, `0 ${name} mutated`, `1 ${OURS} mutated`]);
    });

    it('again after the repair: the API server rejects the pod', async () => {
      const { scene, options } = await refreshed(old('IfNeeded'));
      expect(await scene.refusal(options)).toContain(
        'may not be set for init containers without restartPolicy=Always',
      );
    });
  });
}
