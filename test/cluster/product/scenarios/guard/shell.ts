/** Alterations of a pod whose containers app and prepare receive a variable through the shell, and a file. */
import { type Alteration, container, fetcher, replan, set, unmount, volume } from './alter.ts';

export const SHELL_ALTERATIONS: readonly Alteration[] = [
  [
    'another image',
    (spec) => set(fetcher(spec), 'image', 'evil.example/aws-secrets-injector:1'),
    'has the image evil.example/',
  ],
  [
    'an image whose name only begins alike',
    (spec) => set(fetcher(spec), 'image', 'localhost/aws-secrets-injector-not:1'),
    'has the image localhost/aws-secrets-injector-not:1',
  ],
  ['another command', (spec) => set(fetcher(spec), 'command', ['sh']), 'its command or its plan was changed'],
  ['arguments', (spec) => set(fetcher(spec), 'args', ['--version']), 'its command or its plan was changed'],
  ['no plan', (spec) => set(fetcher(spec), 'env', []), 'its command or its plan was changed'],
  [
    'two plans',
    (spec) => fetcher(spec).env.push({ name: 'SECRETS_INJECTOR_PLAN', value: '{}' }),
    'its command or its plan was changed',
  ],
  [
    'a plan without the variable',
    (spec) => replan(spec, '"DB_USER"', '"DB_OTHER"'),
    'secrets-injector.dev/env.DB_USER is not part of',
  ],
  [
    'a plan without the file',
    (spec) => replan(spec, '"path":"value"', '"path":"other"'),
    'secrets-injector.dev/file.value is not part of',
  ],
  ['a volume on disk', (spec) => set(volume(spec), 'emptyDir', {}), 'is not an emptyDir in memory'],
  [
    'a volume on the host',
    (spec) => {
      set(volume(spec), 'emptyDir', undefined);
      set(volume(spec), 'hostPath', { path: '/tmp' });
    },
    'is not an emptyDir in memory',
  ],
  [
    'the volume not mounted in the fetcher',
    (spec) => unmount(fetcher(spec), 'aws-secrets'),
    'is not mounted in aws-secrets-fetch',
  ],
  [
    'the API token in the fetcher',
    (spec) => unmount(fetcher(spec), 'aws-secrets-no-api'),
    'keeps the API token out',
  ],
  [
    'a receiver without mount',
    (spec) => unmount(container(spec, 'app'), 'aws-secrets'),
    'does not mount their volume read-only',
  ],
  [
    'a receiver that could write',
    (spec) => {
      for (const mount of container(spec, 'app').volumeMounts) delete mount['readOnly'];
    },
    'does not mount their volume read-only',
  ],
  [
    'a mount in another container',
    (spec) =>
      container(spec, 'other').volumeMounts.push({
        name: 'aws-secrets',
        mountPath: '/x',
        readOnly: true,
      }),
    'mounts the volume of secrets that it does not receive',
  ],
  [
    'a command without the shell',
    (spec) => set(container(spec, 'app'), 'command', ['sh', '-c', 'true']),
    'no longer starts with it',
  ],
  [
    'an init container moved before the fetcher',
    (spec) => spec.initContainers.reverse(),
    'stands before aws-secrets-fetch',
  ],
];
