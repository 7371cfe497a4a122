/** Other webhooks that undo a part of the injection. The second pass repairs the pod, or the guard rejects it. */
import { describe, expect, it } from 'vitest';
import type { Behaviour, Neighbours } from '../../../neighbours/neighbour.ts';
import { find } from '../../../neighbours/pods.ts';
import { MIRROR } from '../../install.ts';
import { checksum, pod } from '../../pods.ts';
import { IMAGE_TAG } from '../../product-image.ts';
import type { Stage } from '../../stage.ts';
import { isComplete, makeScene, OURS, READS } from './scene.ts';

export function damage(stage: () => Stage, neighbours: () => Neighbours): void {
  describe.concurrent('that undo the injection', () => {
    // If the injector is called after the webhook again, it repairs the pod. If the webhook is called last, the guard
    // rejects the pod with this text.
    const repairable: readonly (readonly [Behaviour, string])[] = [
      ['drop-init', 'the init container aws-secrets-fetch was not injected'],
      [
        'drop-mounts',
        'is missing, is not an emptyDir with medium Memory, or is not mounted in aws-secrets-fetch',
      ],
      ['drop-mounts/app', 'a container that receives secrets does not mount the secrets volume read-only'],
      ['unshell', 'has a command that does not start with the injected shell'],
    ];
    it.each(repairable)('%s: repaired by the second pass', async (path) => {
      const scene = await makeScene(stage(), neighbours(), { place: 'after', path });
      expect(isComplete(await scene.admitted())).toBe(true);
      const [name] = scene.registered;
      expect(await scene.rounds()).toEqual([`0 ${OURS} mutated`, `0 ${name} mutated`, `1 ${OURS} mutated`]);
    });

    it.each(repairable)('%s, and again after the repair: rejected by the guard', async (path, words) => {
      const neighbour = { place: 'after', path, reinvocationPolicy: 'IfNeeded' } as const;
      const scene = await makeScene(stage(), neighbours(), neighbour);
      const refusal = await scene.refusal();
      expect(refusal).toContain('ValidatingAdmissionPolicy');
      expect(refusal).toContain(words);
      const [name] = scene.registered;
      expect(await scene.rounds()).toEqual([
        `0 ${OURS} mutated`,
        `0 ${name} mutated`,
        `1 ${OURS} mutated`,
        `1 ${name} mutated`,
      ]);
    });

    // The patch only adds, so the second pass cannot repair these changes, and rejects the pod with the reason.
    it.each<readonly [Behaviour, string]>([
      ['disk-volume', 'POD_NAME_CONFLICT'],
      ['duplicate-variable/DB_USER', 'ENV_ALREADY_SET'],
      // The fetcher would read the last one.
      ['duplicate-variable/SECRETS_INJECTOR_PLAN', 'POD_NAME_CONFLICT'],
    ])('%s: rejected by the second pass', async (path, code) => {
      const scene = await makeScene(stage(), neighbours(), { place: 'after', path });
      const refusal = await scene.refusal();
      expect(refusal).toContain('admission webhook "inject.secrets-injector.dev" denied the request');
      expect(refusal).toContain(code);
    });

    it('a repaired pod starts with its secrets', async () => {
      const scene = await makeScene(
        stage(),
        neighbours(),
        { place: 'after', path: 'unshell' },
        { place: 'after', path: 'drop-mounts' },
        { place: 'after', path: 'drop-init' },
      );
      const { namespace, annotations, db } = scene;
      await stage().mustCreate(pod(namespace, { annotations, containers: [READS] }));
      expect(await stage().outputOf(namespace, 'app')).toEqual([checksum(db.user), checksum(db.text)]);
    });

    it('rewrite-image to a mirror that the operator lists: accepted', async () => {
      const neighbour = { place: 'after', path: 'rewrite-image', reinvocationPolicy: 'IfNeeded' } as const;
      const scene = await makeScene(stage(), neighbours(), neighbour);
      const spec = await scene.admitted();
      expect(isComplete(spec)).toBe(true);
      expect(find(spec.initContainers, 'aws-secrets-fetch').image).toBe(`${MIRROR}:${IMAGE_TAG}`);
    });

    it('rewrite-image to any other mirror: rejected with the setting to change', async () => {
      const neighbour = { place: 'after', path: 'rewrite-image/unlisted.example' } as const;
      const scene = await makeScene(stage(), neighbours(), neighbour);
      const refusal = await scene.refusal();
      expect(refusal).toContain(
        `uses image "unlisted.example/aws-secrets-injector:${IMAGE_TAG}" instead of the injector image`,
      );
      expect(refusal).toContain('the operator adds the mirror to the setting image-mirrors');
    });
  });
}
