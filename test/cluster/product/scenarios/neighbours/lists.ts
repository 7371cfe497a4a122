/** Other webhooks that replace whole lists, decoded with their own types, as the EKS Pod Identity webhook does. */
import { describe, expect, it } from 'vitest';
import type { Neighbours } from '../../../neighbours/neighbour.ts';
import { find, names } from '../../../neighbours/pods.ts';
import { checksum, pod } from '../../pods.ts';
import { ROLE, type Stage } from '../../stage.ts';
import {
  type AdmittedSpec,
  EVERYTHING,
  isComplete,
  makeScene,
  type Neighbour,
  NOTHING,
  OURS,
  READS,
  receives,
} from './scene.ts';

const TOKEN_FILE = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';

export function lists(stage: () => Stage, neighbours: () => Neighbours): void {
  describe.concurrent('that add an identity and replace lists', () => {
    const orders = (['before', 'after'] as const).flatMap((place) =>
      (['old', 'current'] as const).flatMap((program) =>
        (['Never', 'IfNeeded'] as const).map(
          (reinvocationPolicy): Neighbour => ({ place, program, reinvocationPolicy, path: 'web-identity' }),
        ),
      ),
    );
    it('in every order and with every library, the result is the same pod', async () => {
      const seen = await Promise.all(
        orders.map(async (neighbour) => {
          const scene = await makeScene(stage(), neighbours(), neighbour);
          // The volume of the API token would have a random name.
          const spec = await scene.admitted({
            identity: false,
            spec: { automountServiceAccountToken: false },
          });
          const [registered = ''] = scene.registered;
          return { neighbour, registered, spec, namespace: scene.namespace, rounds: await scene.rounds() };
        }),
      );
      for (const { neighbour, registered, rounds, spec, namespace } of seen) {
        const what = JSON.stringify(neighbour);
        expect(isComplete(spec), what).toBe(true);
        for (const container of [...spec.initContainers, ...spec.containers]) {
          expect(find(container.env, 'AWS_ROLE_ARN').value, what).toBe(ROLE);
          expect(find(container.env, 'AWS_WEB_IDENTITY_TOKEN_FILE').value, what).toBe(TOKEN_FILE);
          expect(names(container.volumeMounts), what).toContain('aws-iam-token');
        }
        expect(rounds, what).toEqual(expectedRounds(neighbour, registered));
        const normal = (one: AdmittedSpec, own: string): unknown =>
          JSON.parse(JSON.stringify(sorted(one)).replaceAll(own, 'shop'));
        const [first] = seen;
        expect(normal(spec, namespace), what).toEqual(
          normal(first?.spec ?? spec, first?.namespace ?? namespace),
        );
      }
    });

    it.each(['before', 'after'] as const)(
      '%s the injector: the pod starts with the identity',
      async (place) => {
        const scene = await makeScene(stage(), neighbours(), { place, path: 'web-identity', program: 'old' });
        const { namespace, annotations, db } = scene;
        await stage().mustCreate(pod(namespace, { annotations, containers: [READS], identity: false }));
        expect(await stage().outputOf(namespace, 'app')).toEqual([checksum(db.user), checksum(db.text)]);
      },
    );
  });

  describe.concurrent('that add a container', () => {
    it('after the injector: it receives nothing, and the injector is called again', async () => {
      const scene = await makeScene(stage(), neighbours(), { place: 'after', path: 'append-container' });
      const spec = await scene.admitted();
      expect(isComplete(spec)).toBe(true);
      expect(receives(find(spec.containers, 'late'))).toEqual(NOTHING);
      const [late] = scene.registered;
      expect(await scene.rounds()).toEqual([`0 ${OURS} mutated`, `0 ${late} mutated`, `1 ${OURS}`]);
    });

    it('after the injector, and an earlier webhook is called again: both recognize their changes', async () => {
      const scene = await makeScene(
        stage(),
        neighbours(),
        { place: 'before', path: 'web-identity', program: 'old', reinvocationPolicy: 'IfNeeded' },
        { place: 'after', path: 'append-container' },
      );
      const spec = await scene.admitted({ identity: false });
      expect(isComplete(spec)).toBe(true);
      const late = find(spec.containers, 'late');
      expect(receives(late)).toEqual(NOTHING);
      expect(find(late.env, 'AWS_ROLE_ARN').value).toBe(ROLE);
      const [rewrite, append] = scene.registered;
      expect(await scene.rounds()).toEqual([
        `0 ${rewrite} mutated`,
        `0 ${OURS} mutated`,
        `0 ${append} mutated`,
        `1 ${rewrite} mutated`,
        `1 ${OURS}`,
      ]);
    });

    it('before the injector: it receives the secrets, unless the annotation names other containers', async () => {
      const scene = await makeScene(stage(), neighbours(), { place: 'before', path: 'append-container' });
      const byDefault = await scene.admitted();
      expect(receives(find(byDefault.containers, 'late'))).toEqual(EVERYTHING);
      const named = (list: string): Promise<AdmittedSpec> =>
        scene.admitted({
          annotations: { ...scene.annotations, 'secrets-injector.dev/containers': list },
        });
      expect(receives(find((await named('app')).containers, 'late'))).toEqual(NOTHING);
      const both = await named('app,late');
      expect(isComplete(both)).toBe(true);
      expect(receives(find(both.containers, 'late'))).toEqual(EVERYTHING);
    });

    it('after the injector, and named in the annotation: rejected, because the name could be a typo', async () => {
      const scene = await makeScene(stage(), neighbours(), { place: 'after', path: 'append-container' });
      const annotations = { ...scene.annotations, 'secrets-injector.dev/containers': 'app,late' };
      expect(await scene.refusal({ annotations })).toContain('CONTAINER_UNKNOWN');
    });
  });
}

function expectedRounds({ place, reinvocationPolicy }: Neighbour, name: string): readonly string[] {
  if (place === 'after') return [`0 ${OURS} mutated`, `0 ${name} mutated`, `1 ${OURS}`];
  const first = [`0 ${name} mutated`, `0 ${OURS} mutated`];
  // The fetcher already has the identity of the other containers.
  return reinvocationPolicy === 'IfNeeded' ? [...first, `1 ${name}`] : first;
}

/** Sorts lists of named objects by name: their order depends on the order of the webhooks, and has no meaning. */
function sorted(json: unknown): unknown {
  if (Array.isArray(json)) {
    const list = json.map(sorted);
    return list.every((one) => typeof one === 'object' && one !== null && 'name' in one)
      ? list.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : list;
  }
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => [key, sorted(value)]),
  );
}
