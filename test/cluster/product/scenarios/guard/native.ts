/** The guard and native variables, without the webhook. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import type { Api, KubernetesObject } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import {
  type Alteration,
  altered,
  container,
  type InjectedPod,
  type Json,
  type PodSpec,
  replan,
  set,
} from './alter.ts';

const RUNS = ['sh', '-c', 'true'];
const LACKS = 'lacks native variables that the annotations request, or has them in another order';
const DOUBLED = 'declares a variable that the annotations also request';
const CHECK =
  'the init container aws-secrets-check is missing, was changed or added, or does not run between';
const RECEIVES_NATIVE = '"native":["other"],"shell":[],"file":[]';
const REACHES = 'has variables from a secrets volume (fileKeyRef) but does not receive the secrets';

const ALTERATIONS: readonly Alteration[] = [
  ['a variable removed', (spec) => env(spec, 'app').splice(0, 1), `container app ${LACKS}`],
  [
    'a variable of an init container removed',
    (spec) => env(spec, 'prepare').splice(1, 1),
    `container prepare ${LACKS}`,
  ],
  ['every variable removed', (spec) => set(container(spec, 'app'), 'env', []), `container app ${LACKS}`],
  [
    'a variable from another volume',
    (spec) => refer(spec, 'app', { volumeName: 'own' }),
    `container app ${LACKS}`,
  ],
  [
    "a variable from another container's volume",
    (spec) => refer(spec, 'app', { volumeName: 'aws-secrets-1' }),
    LACKS,
  ],
  ['a variable from another file', (spec) => refer(spec, 'app', { path: 'other' }), LACKS],
  ['a variable with the key of another one', (spec) => refer(spec, 'app', { key: 'DB_PASSWORD' }), LACKS],
  [
    'a variable with a value',
    (spec) => env(spec, 'app').splice(0, 1, { name: 'DB_PASSWORD', value: 'x' }),
    LACKS,
  ],
  [
    'a variable declared again',
    (spec) => env(spec, 'app').push({ name: 'DB_USER', value: 'x' }),
    `container app ${DOUBLED}`,
  ],
  [
    'a variable declared again from a Secret',
    (spec) =>
      env(spec, 'app').push({ name: 'DB_USER', valueFrom: { secretKeyRef: { name: 'x', key: 'x' } } }),
    DOUBLED,
  ],
  [
    'a variable declared again from another file',
    (spec) =>
      env(spec, 'app').push({
        name: 'DB_USER',
        valueFrom: { fileKeyRef: { volumeName: 'own', path: 'env', key: 'DB_USER' } },
      }),
    DOUBLED,
  ],
  [
    'a variable declared again from the env file with another key',
    (spec) =>
      env(spec, 'app').push({
        name: 'DB_USER',
        valueFrom: { fileKeyRef: { volumeName: 'aws-secrets', path: 'env', key: 'DB_PASSWORD' } },
      }),
    DOUBLED,
  ],
  ['no check', (spec) => spec.initContainers.splice(1, 1), CHECK],
  [
    'a check with another command',
    (spec) => set(check(spec), 'command', ['/app/aws-secrets-injector', '--version']),
    CHECK,
  ],
  ['a check with arguments', (spec) => set(check(spec), 'args', ['x']), CHECK],
  [
    'a check with a literal probe variable',
    (spec) => set(check(spec), 'env', [{ name: 'SECRETS_INJECTOR_PROBE', value: 'ok' }]),
    CHECK,
  ],
  [
    'a check with a second probe variable',
    (spec) => check(spec).env.push({ name: 'SECRETS_INJECTOR_PROBE', value: 'ok' }),
    CHECK,
  ],
  [
    'a check before the fetcher',
    (spec) => spec.initContainers.splice(0, 0, ...spec.initContainers.splice(1, 1)),
    CHECK,
  ],
  [
    'a check with another image',
    (spec) => set(check(spec), 'image', 'evil.example/x:1'),
    'uses the image evil.example/x:1 instead of the injector image',
  ],
  [
    'variables for a container that receives none',
    (spec) => set(container(spec, 'bystander'), 'env', [fileKey('aws-secrets', 'DB_USER')]),
    `container bystander ${REACHES}`,
  ],
  [
    "another container's variables",
    (spec) => env(spec, 'other').push(fileKey('aws-secrets', 'DB_USER')),
    `container other ${REACHES}`,
  ],
  [
    'a plan without a variable',
    (spec) => replan(spec, /\{"name":"DB_USER".*?\},/, ''),
    'secrets-injector.dev/env.DB_USER is missing from the plan',
  ],
  [
    'a plan without the entries of the form',
    (spec) => replan(spec, /"entry":0,/g, ''),
    'secrets-injector.dev/secrets is missing from the plan',
  ],
  [
    'a plan of another receiver',
    (spec) => replan(spec, RECEIVES_NATIVE, '"native":[],"shell":[],"file":["other"]'),
    'does not mount the secrets volume read-only',
  ],
];

export function guardedNative(stage: () => Api): void {
  describe.skipIf(!hasFileKeys(wantedKubernetes()))('with native variables', () => {
    let injected: InjectedPod;
    beforeAll(async () => {
      const namespace = await stage().namespace();
      const form = [{ secret: arnOf('guard'), env: { OTHER: 'other' }, containers: ['other'] }];
      injected = inject(
        pod(namespace, {
          annotations: {
            'secrets-injector.dev/env.DB_USER': `${arnOf('guard')}:user`,
            'secrets-injector.dev/env.DB_PASSWORD': `${arnOf('guard')}:password`,
            'secrets-injector.dev/secrets': JSON.stringify(form),
            'secrets-injector.dev/containers': 'app,prepare',
          },
          initContainers: [{ name: 'prepare', command: RUNS }],
          containers: ['app', 'other', 'bystander'].map((name) => ({ name, command: RUNS })),
          spec: { volumes: [{ name: 'own', emptyDir: {} }] },
        }),
      );
    });

    it('a pod with a complete injection is admitted', async () => {
      const { status, stderr } = await show(
        stage(),
        altered(injected, () => {}),
      );
      expect([status, stderr]).toEqual([0, '']);
    });

    it.each(ALTERATIONS)('one with %s is rejected', async (_what, change, words) => {
      const { stderr } = await show(stage(), altered(injected, change));
      expect(stderr).toContain('ValidatingAdmissionPolicy');
      expect(stderr).toContain(words);
    });

    // The API server limits the cost of a policy.
    it.each([
      [500, 1, 500],
      [64, 20, 64],
    ])(
      '%i variables in each of %i containers, in addition to %i others, are admitted',
      async (count, containers, own) => {
        const namespace = await stage().namespace();
        const references = Array.from({ length: count }, (_, index) => [
          `secrets-injector.dev/env.SOME_RATHER_LONG_NAME_${index}`,
          `a:key-${index}`,
        ]);
        const env = Array.from({ length: own }, (_, index) => ({
          name: `OWN_${index}`,
          value: '$(SOME_RATHER_LONG_NAME_1)',
        }));
        const large = inject(
          pod(namespace, {
            annotations: { 'secrets-injector.dev/secret.a': arnOf('a'), ...Object.fromEntries(references) },
            containers: Array.from({ length: containers }, (_, index) => ({
              name: `app-${index}`,
              command: RUNS,
              env,
            })),
          }),
        );
        const { status, stderr } = await show(
          stage(),
          altered(large, () => {}),
        );
        expect([status, stderr]).toEqual([0, '']);
        const last = `app-${containers - 1}`;
        const less = await show(
          stage(),
          altered(large, (spec) =>
            (container(spec, last) as unknown as { env: Json[] }).env.splice(count - 1, 1),
          ),
        );
        expect(less.stderr).toContain(`container ${last} ${LACKS}`);
      },
    );
  });
}

/** Injects the pod as the webhook of this cluster does. */
function inject(asking: KubernetesObject): InjectedPod {
  const namespace = String(asking.metadata['namespace']);
  const injected = injectedPod(asking, namespace, { native: { can: true, probe: true } });
  if (injected === undefined) throw new Error('nothing was injected');
  return injected as unknown as InjectedPod;
}

async function show(stage: Api, object: KubernetesObject): ReturnType<Api['create']> {
  return await stage.create(object, '--dry-run=server');
}

function fileKey(volumeName: string, key: string): Json {
  return { name: key, valueFrom: { fileKeyRef: { volumeName, path: 'env', key } } };
}

function env(spec: PodSpec, name: string): Json[] {
  const all = [...spec.containers, ...spec.initContainers] as readonly { name: string; env?: Json[] }[];
  return all.find((one) => one.name === name)?.env ?? [];
}

function check(spec: PodSpec): PodSpec['initContainers'][number] {
  const found = spec.initContainers.find(({ name }) => name === 'aws-secrets-check');
  if (found === undefined) throw new Error('the injected pod has no check');
  return found;
}

/** Changes the source of the container's variable DB_USER. */
function refer(spec: PodSpec, name: string, change: Json): void {
  const entry = env(spec, name).find((one) => one['name'] === 'DB_USER');
  const source = (entry?.['valueFrom'] as { fileKeyRef: Json } | undefined)?.fileKeyRef;
  if (source === undefined) throw new Error('the injected pod has no native DB_USER');
  Object.assign(source, change);
}
