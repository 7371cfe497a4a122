/** Pods in which one part grows: each as a function of its size. A review has at most 3 MiB, annotations 256 KiB. */
import { PREFIX } from '../../src/core/names/prefix.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const FETCHER = {
  name: 'aws-secrets-fetch',
  image: 'registry.example/injector:1',
  command: ['/app/aws-secrets-injector', 'fetch'],
};

type Make = (size: number) => unknown;

const key = (name: string) => `${PREFIX}${name}`;
const list = <T>(size: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: size }, (_, index) => make(index));
const map = <T>(size: number, make: (index: number) => readonly [string, T]) =>
  Object.fromEntries(list(size, make));
const containers = (size: number, more: object = {}) =>
  list(size, (index) => ({ name: `c${index}`, command: ['sh'], ...more }));

function pod(annotations: Readonly<Record<string, unknown>>, spec: object = {}): unknown {
  return { metadata: { annotations }, spec: { containers: [{ name: 'app', command: ['sh'] }], ...spec } };
}

/** A pod that requests one file, in which something else grows. */
const asking = (spec: object) => pod({ [key('file.a')]: ARN }, spec);
const form = (entries: readonly object[], spec: object = {}) =>
  pod({ [key('secrets')]: JSON.stringify(entries) }, spec);
const app = (more: object) => ({ containers: [{ name: 'app', command: ['sh'], ...more }] });
const value = (option: string, text: string) => pod({ [key('env.A')]: ARN, [key(option)]: text });

/** Each with the size of its largest pod. */
export const GROWING: Readonly<Record<string, readonly [largest: number, make: Make]>> = {
  containers: [40_000, (size) => asking({ containers: containers(size) })],
  'containers without a command': [
    40_000,
    (size) =>
      pod(
        { [key('env.A')]: ARN, [key('env-mode')]: 'shell' },
        { containers: list(size, (index) => ({ name: `c${index}` })) },
      ),
  ],
  'init containers that receive': [
    40_000,
    (size) => pod({ [key('env.A')]: ARN, [key('containers')]: '*' }, { initContainers: containers(size) }),
  ],
  'names of containers, unknown': [
    20_000,
    (size) =>
      pod(
        { [key('env.A')]: ARN, [key('containers')]: list(size, (index) => `x${index}`).join() },
        { containers: containers(size) },
      ),
  ],
  'names of containers, known': [
    20_000,
    (size) =>
      pod(
        { [key('env.A')]: ARN, [key('containers')]: list(size, (index) => `c${index}`).join() },
        { containers: containers(size) },
      ),
  ],
  volumes: [60_000, (size) => asking({ volumes: list(size, (index) => ({ name: `v${index}` })) })],
  'variables of other names': [
    60_000,
    (size) =>
      pod(
        { [key('env-from.a')]: ARN, [key('env-mode')]: 'file' },
        app({ env: list(size, (index) => ({ name: `B${index}`, value: '' })) }),
      ),
  ],
  'variables of a requested name': [
    60_000,
    (size) => pod({ [key('env.A')]: ARN }, app({ env: list(size, () => ({ name: 'A', value: '' })) })),
  ],
  'mounts elsewhere': [
    60_000,
    (size) => asking(app({ volumeMounts: list(size, (index) => ({ name: 'v', mountPath: `/v/${index}` })) })),
  ],
  'mounts below the mount path': [
    60_000,
    (size) =>
      asking(
        app({ volumeMounts: list(size, (index) => ({ name: 'v', mountPath: `/run/secrets/aws/${index}` })) }),
      ),
  ],
  "mounts of a view's volume": [
    20_000,
    (size) =>
      asking({ containers: containers(size, { volumeMounts: [{ name: 'aws-secrets', mountPath: '/x' }] }) }),
  ],
  "variables of a view's volume": [
    20_000,
    (size) =>
      pod(
        { [key('env.A')]: ARN, [key('containers')]: 'c0' },
        {
          containers: containers(size, {
            env: [{ name: 'B', valueFrom: { fileKeyRef: { volumeName: 'aws-secrets' } } }],
          }),
        },
      ),
  ],
  'a mount path of slashes': [
    2_000_000,
    (size) => asking(app({ volumeMounts: [{ name: 'v', mountPath: `${'/'.repeat(size)}x` }] })),
  ],
  'a mount path of dots': [
    1_000_000,
    (size) => asking(app({ volumeMounts: [{ name: 'v', mountPath: `${'/.'.repeat(size)}x` }] })),
  ],
  'the image of an injected container': [
    1_000_000,
    (size) => asking({ initContainers: [{ ...FETCHER, image: ':/'.repeat(size) }] }),
  ],
  'the plan of an injected container': [
    1_000_000,
    (size) =>
      asking({
        initContainers: [
          {
            ...FETCHER,
            env: [{ name: 'SECRETS_INJECTOR_PLAN', value: `{"version":1,"views":[${'0,'.repeat(size)}0]}` }],
          },
        ],
      }),
  ],
  'annotations, unknown': [8_000, (size) => pod(map(size, (index) => [key(`unkown${index}`), '']))],
  'annotations, not strings': [8_000, (size) => pod(map(size, (index) => [key(`env.A${index}`), 1]))],
  'actions after a change': [
    60_000,
    (size) => pod({ [key('file.a')]: ARN, [key('refresh')]: '5m', [key('on-change')]: ','.repeat(size) }),
  ],
  'an action after a change': [
    200_000,
    (size) =>
      pod({
        [key('file.a')]: ARN,
        [key('refresh')]: '5m',
        [key('on-change')]: ['signal:', 'touch:', 'http://', 'http://localhost/', 'signal:HUP@', '']
          .map((start) => start + 'x'.repeat(size / 8))
          .join(),
      }),
  ],
  'containers that an action may concern': [
    40_000,
    (size) =>
      pod(
        {
          [key('file.a')]: ARN,
          [key('refresh')]: '5m',
          [key('on-change')]: 'signal:HUP, signal:HUP@x, signal:HUP@c0, touch:a',
        },
        { shareProcessNamespace: true, containers: containers(size) },
      ),
  ],
  references: [4_000, (size) => pod(map(size, (index) => [key(`env.A${index}`), ARN]))],
  'references with two problems': [
    8_000,
    (size) => pod(map(size, (index) => [key(`env.A-${index}`), 'unknown'])),
  ],
  aliases: [2_500, (size) => pod(map(size, (index) => [key(`secret.a${index}`), ARN]))],
  'files in one directory': [4_000, (size) => pod(map(size, (index) => [key(`file.f${index}`), ARN]))],
  entries: [2_500, (size) => form(list(size, (index) => ({ secret: ARN, files: { [`f${index}`]: {} } })))],
  'variables of an entry': [
    10_000,
    (size) => form([{ secret: ARN, env: map(size, (index) => [`A${index}`, 'k']) }]),
  ],
  'fields that do not exist': [
    10_000,
    (size) => form([{ secret: ARN, ...map(size, (index) => [`fil${index}`, 0]) }]),
  ],
  'keys to include': [
    20_000,
    (size) =>
      form([{ secret: ARN, envFrom: { onCollision: 'skip', include: list(size, (index) => `k${index}`) } }]),
  ],
  'keys to exclude': [
    20_000,
    (size) =>
      form([{ secret: ARN, envFrom: { include: ['a'], exclude: list(size, (index) => `*k${index}`) } }]),
  ],
  'names of containers of entries': [
    20_000,
    (size) =>
      form(
        list(Math.ceil(size / 400), (entry) => ({
          secret: ARN,
          files: { [`f${entry}`]: {} },
          containers: list(400, (index) => `c${index + entry}`),
        })),
        { containers: containers(size) },
      ),
  ],
  'sets of secrets': [
    4_000,
    (size) =>
      form(
        list(14, (entry) => ({
          secret: ARN,
          files: { [`f${entry}`]: {} },
          containers: list(400, (index) => `c${index}`).filter(
            (_, index) => ((index >> (entry % 9)) & 1) === 1,
          ),
        })),
        { containers: containers(size) },
      ),
  ],
  'brackets in the form': [250_000, (size) => pod({ [key('secrets')]: '['.repeat(size) })],
  'dashes in the form': [120_000, (size) => pod({ [key('secrets')]: '- '.repeat(size) })],
  'anchors in the form': [60_000, (size) => pod({ [key('secrets')]: '- &a b\n'.repeat(size / 2) })],
  'blanks in the form': [250_000, (size) => pod({ [key('secrets')]: `a${' '.repeat(size)}b` })],
  'an expression in each variable': [
    200,
    (size) =>
      form([{ secret: ARN, env: map(size, (index) => [`A${index}`, { jmesPath: `a${'['.repeat(900)}` }]) }]),
  ],
  'nested expressions': [
    200,
    (size) =>
      form([
        {
          secret: ARN,
          env: map(size, (index) => [`A${index}`, { jmesPath: `${'('.repeat(500)}a${')'.repeat(500)}` }]),
        },
      ]),
  ],
  'a template in each file': [
    16,
    (size) =>
      form([
        { secret: ARN, files: map(size, (index) => [`f${index}`, { template: '{{#a}}'.repeat(2_600) }]) },
      ]),
  ],
  'text that is not printable': [250_000, (size) => pod({ [key('env.A')]: '\u202e'.repeat(size) })],
  'colons in a reference': [250_000, (size) => pod({ [key('env.A')]: `arn:${':'.repeat(size)}` })],
  'hyphens in a Region': [
    120_000,
    (size) => pod({ [key('env.A')]: `arn:aws:secretsmanager:a${'-a'.repeat(size)}:111122223333:secret:x` }),
  ],
  'commas in containers': [250_000, (size) => value('containers', ','.repeat(size))],
  'a long mount-path': [120_000, (size) => value('mount-path', '/a'.repeat(size))],
  'digits in a quantity': [250_000, (size) => value('cpu-limit', '1'.repeat(size))],
};
