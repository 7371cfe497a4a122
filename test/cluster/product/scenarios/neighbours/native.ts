/**
 * Other webhooks whose libraries are too old for native variables, and drop them. docs/guides/other-webhooks.md has a
 * table of the results, which this test compares with the results here.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../../image/built-image.ts';
import type { Neighbours } from '../../../neighbours/neighbour.ts';
import { find, names } from '../../../neighbours/pods.ts';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import { SECOND_PASS_LABEL } from '../../install.ts';
import { checksum, pod } from '../../pods.ts';
import { nativeCanary, putJsonSecret } from '../../secrets.ts';
import { NAMESPACE_LABEL, type Stage } from '../../stage.ts';
import { type AdmittedSpec, makeSceneIn, type Neighbour, READS, type Scene } from './scene.ts';

const PAGE = path.join(ROOT, 'docs/guides/other-webhooks.md');
const ROW =
  /^\| (to add something|every time) \| (before|after) the injector, `(Never|IfNeeded)` \| (\w+) \| (\w+) \|$/gm;
/** Its patch is applied and the pod judged before any policy is asked. */
const LOST =
  /spec\.(?:c|initC)ontainers\[\d\]\.env\[\d+\]\.valueFrom: Invalid value: "": must specify one of: .* or `?fileKeyRef/;

export function natives(stage: () => Stage, neighbours: () => Neighbours): void {
  describe.skipIf(!hasFileKeys(wantedKubernetes()))(
    'that drop native variables',
    { concurrent: true },
    () => {
      const scene = async (isRegisteredTwice: boolean, ...all: readonly Neighbour[]): Promise<Scene> => {
        const namespace = await stage().namespace({
          [NAMESPACE_LABEL]: 'enabled',
          ...(isRegisteredTwice ? { [SECOND_PASS_LABEL]: 'yes' } : {}),
        });
        return nativeScene(await makeSceneIn(namespace, stage(), neighbours(), ...all));
      };
      const old = (when: string, place: string, reinvocationPolicy: string): Neighbour => {
        const path = when === 'every time' ? 'web-identity' : 'rewrite-to-add';
        return { place, reinvocationPolicy, path, program: 'old' } as Neighbour;
      };

      it('act as documented in docs/guides/other-webhooks.md, with one and two registrations of the injector', async () => {
        const documented = [...readFileSync(PAGE, 'utf8').matchAll(ROW)].map((row) => row.slice(1));
        expect(documented).toHaveLength(8);
        const seen = await Promise.all(
          documented.map(async ([when = '', place = '', policy = '']) => [
            when,
            place,
            policy,
            ...(await Promise.all(
              [false, true].map(async (twice) => outcomeOf(await scene(twice, old(when, place, policy)))),
            )),
          ]),
        );
        expect(seen).toEqual(documented);
      });

      it.each([
        ['before', false],
        ['after', true],
      ] as const)(
        '%s the injector and called again: the pod starts with its variable',
        async (place, isRegisteredTwice) => {
          const { namespace, annotations } = await scene(
            isRegisteredTwice,
            old('every time', place, 'IfNeeded'),
          );
          const db = putJsonSecret(stage().aws, `${namespace}-start`, nativeCanary);
          const asks = { ...annotations, 'secrets-injector.dev/env.DB_USER': `${db.arn}:user` };
          await stage().mustCreate(
            pod(namespace, { annotations: asks, containers: [READS], identity: false }),
          );
          const [user] = await stage().outputOf(namespace, 'app');
          expect(user).toBe(checksum(db.user));
        },
      );

      it('with a current library, keep everything', async () => {
        const current = { ...old('every time', 'after', 'IfNeeded'), program: 'current' } as const;
        expect(await outcomeOf(await scene(false, current))).toBe('admitted');
      });

      it.each(['Never', 'IfNeeded'] as const)(
        'that declare an injected variable again (%s): rejected',
        async (policy) => {
          const path = 'duplicate-variable/DB_USER';
          const { refusal } = await scene(false, { place: 'after', path, reinvocationPolicy: policy });
          expect(await refusal()).toContain('ENV_ALREADY_SET');
        },
      );
    },
  );
}

/** The same scene, with pods that request a native variable. */
function nativeScene(scene: Scene): Scene {
  const annotations = { ...scene.annotations, 'secrets-injector.dev/env-mode': 'native' };
  return {
    ...scene,
    annotations,
    admitted: async (options) => await scene.admitted({ annotations, ...options }),
    refusal: async (options) => await scene.refusal({ annotations, ...options }),
  };
}

/** @throws Error if the pod is admitted without its injection, or rejected with another error */
async function outcomeOf(scene: Scene): Promise<'admitted' | 'refused'> {
  let spec: AdmittedSpec;
  try {
    spec = await scene.admitted({ identity: false });
  } catch (error) {
    expect(String(error)).toMatch(LOST);
    return 'refused';
  }
  const variable = find(find(spec.containers, 'app').env, 'DB_USER');
  expect(variable.valueFrom?.fileKeyRef).toEqual({
    volumeName: 'aws-secrets',
    path: 'env',
    key: 'DB_USER',
    optional: false,
  });
  expect(names(spec.initContainers)).toEqual(['aws-secrets-fetch', 'aws-secrets-check']);
  for (const container of [find(spec.initContainers, 'aws-secrets-fetch'), find(spec.containers, 'app')])
    expect(names(container.env)).toContain('AWS_ROLE_ARN');
  return 'admitted';
}
