/** Changes to a pod whose containers app and prepare receive a variable in shell mode, and a file. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Api, KubernetesObject } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import {
  type Alteration,
  altered,
  container,
  fetcher,
  type InjectedPod,
  replan,
  set,
  unmount,
  volume,
} from './alter.ts';

const FORGED = 'has a command or a plan that the injector did not write';

const ALTERATIONS: readonly Alteration[] = [
  [
    'another image',
    (spec) => set(fetcher(spec), 'image', 'evil.example/aws-secrets-injector:1'),
    'uses the image evil.example/',
  ],
  [
    'an image whose name only starts the same',
    (spec) => set(fetcher(spec), 'image', 'localhost/aws-secrets-injector-not:1'),
    'uses the image localhost/aws-secrets-injector-not:1',
  ],
  ['another command', (spec) => set(fetcher(spec), 'command', ['sh']), FORGED],
  ['arguments', (spec) => set(fetcher(spec), 'args', ['--version']), FORGED],
  ['no plan', (spec) => set(fetcher(spec), 'env', []), FORGED],
  ['two plans', (spec) => fetcher(spec).env.push({ name: 'SECRETS_INJECTOR_PLAN', value: '{}' }), FORGED],
  [
    'a plan without the variable',
    (spec) => replan(spec, '"DB_USER"', '"DB_OTHER"'),
    'secrets-injector.dev/env.DB_USER is missing from the plan',
  ],
  [
    'a plan without the file',
    (spec) => replan(spec, '"path":"value"', '"path":"other"'),
    'secrets-injector.dev/file.value is missing from the plan',
  ],
  ['a volume on disk', (spec) => set(volume(spec), 'emptyDir', {}), 'is not an emptyDir with medium Memory'],
  [
    'a hostPath volume',
    (spec) => {
      set(volume(spec), 'emptyDir', undefined);
      set(volume(spec), 'hostPath', { path: '/tmp' });
    },
    'is not an emptyDir with medium Memory',
  ],
  [
    'the volume not mounted in the fetcher',
    (spec) => unmount(fetcher(spec), 'aws-secrets'),
    'is not mounted in aws-secrets-fetch',
  ],
  [
    'the API token in the fetcher',
    (spec) => unmount(fetcher(spec), 'aws-secrets-no-api'),
    'does not mount the in-memory volume aws-secrets-no-api',
  ],
  [
    'a receiving container without the mount',
    (spec) => unmount(container(spec, 'app'), 'aws-secrets'),
    'does not mount the secrets volume read-only',
  ],
  [
    'a receiving container with a writable mount',
    (spec) => {
      for (const mount of container(spec, 'app').volumeMounts) delete mount['readOnly'];
    },
    'does not mount the secrets volume read-only',
  ],
  [
    'a second mount for writing',
    (spec) => container(spec, 'app').volumeMounts.push({ name: 'aws-secrets', mountPath: '/x' }),
    'container app has a mount that hides its secrets, or a further mount',
  ],
  ...['/run/secrets/aws/', '/run/secrets/./aws', '//run/secrets/aws/value', '/var/run/secrets/aws/x'].map(
    (mountPath): Alteration => [
      `a mount at ${mountPath}`,
      (spec) => container(spec, 'app').volumeMounts.push({ name: 'aws-iam-token', mountPath }),
      'container app has a mount that hides its secrets, or a further mount',
    ],
  ),
  [
    'a mount in another container',
    (spec) =>
      container(spec, 'other').volumeMounts.push({
        name: 'aws-secrets',
        mountPath: '/x',
        readOnly: true,
      }),
    'mounts a secrets volume but does not receive the secrets',
  ],
  [
    'a command without the shell',
    (spec) => set(container(spec, 'app'), 'command', ['sh', '-c', 'true']),
    'does not start with the injected shell',
  ],
  [
    'an init container moved before the fetcher',
    (spec) => spec.initContainers.reverse(),
    'runs before aws-secrets-fetch',
  ],
];

/** A pod whose containers app and prepare request a variable in shell mode, and a file. */
export function askingForShell(namespace: string, arn: string): KubernetesObject {
  return pod(namespace, {
    annotations: {
      'secrets-injector.dev/file.value': arn,
      'secrets-injector.dev/env.DB_USER': `${arn}:user`,
      'secrets-injector.dev/containers': 'app,prepare',
      'secrets-injector.dev/env-mode': 'shell',
    },
    initContainers: [{ name: 'prepare', command: ['sh', '-c', 'true'] }],
    containers: [
      { name: 'app', command: ['sh', '-c', 'true'] },
      { name: 'other', command: ['sh', '-c', 'true'] },
    ],
  });
}

export function guardedShell(api: () => Api): void {
  describe('in shell mode', () => {
    let injected: InjectedPod;
    beforeAll(async () => {
      const namespace = await api().namespace();
      injected = injectedPod(
        askingForShell(namespace, arnOf('guard')),
        namespace,
        {},
      ) as unknown as InjectedPod;
    });

    it('a complete injection passes', async () => {
      const { stderr } = await api().create(
        altered(injected, () => {}),
        '--dry-run=server',
      );
      expect(stderr).toBe('');
    });

    it.each(['/run/secrets', '/run/secrets/aws2', '/x/run/secrets/aws'])(
      'a mount at %s passes',
      async (mountPath) => {
        const object = altered(injected, (spec) =>
          container(spec, 'app').volumeMounts.push({ name: 'aws-iam-token', mountPath }),
        );
        expect((await api().create(object, '--dry-run=server')).stderr).toBe('');
      },
    );

    it.each(ALTERATIONS)('an injection with %s: a warning', async (_what, change, words) => {
      const { stderr } = await api().create(altered(injected, change), '--dry-run=server');
      expect(stderr).toContain(words);
    });
  });
}
