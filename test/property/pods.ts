/** Generated pods and annotations: mostly valid, so that the interesting paths are reached, with hostile corners. */
import fc from 'fast-check';
import { PREFIX } from '../../src/core/names/prefix.ts';
import { anyCharacter } from './any-character.ts';

const region = fc.constantFrom('eu-west-1', 'us-east-1', 'ap-southeast-2');
const secretName = fc.stringMatching(/^[A-Za-z0-9/_+=.@-]{1,30}$/);
const suffix = fc.stringMatching(/^[A-Za-z0-9]{6}$/);

export const arn = fc
  .tuple(region, secretName, suffix)
  .map(([where, name, end]) => `arn:aws:secretsmanager:${where}:111122223333:secret:${name}-${end}`);

const key = fc.option(fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/), { nil: '' });
const stage = fc.constantFrom('', 'AWSCURRENT', 'AWSPREVIOUS');

export const reference = fc
  .tuple(fc.oneof(fc.constant('db'), arn), key, stage)
  .map(([secret, name, label]) => `${secret}:${name}:${label}`);

// Keys of annotations end with a letter or a digit.
const variableName = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,15}$/).map((name) => `X${name}0`);
const fileName = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,15}$/).map((name) => `${name}0`);

const asked = fc.oneof(
  fc.tuple(variableName, reference).map(([name, text]) => [`env.${name}`, text] as const),
  fc.tuple(fileName, reference).map(([name, text]) => [`file.f-${name}`, text] as const),
  fc.tuple(fileName, arn).map(([name, text]) => [`env-from.${name}`, text] as const),
  fc.tuple(fileName, arn).map(([name, text]) => [`file-from.d-${name}`, text] as const),
);

const formKey = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const formEntry = fc.record(
  {
    secret: fc.oneof(fc.constant('db'), arn),
    env: fc.dictionary(
      variableName.map((name) => `F${name}`),
      fc.oneof(
        formKey,
        fc.constantFrom({}, { jmesPath: 'a.b[0]', optional: true }, { key: 'k', default: "it's" }),
      ),
      { minKeys: 1, maxKeys: 3 },
    ),
    envFrom: fc.constantFrom(true, {
      prefix: 'P_',
      case: 'upper',
      include: ['one', 'two'],
      onCollision: 'skip',
    }),
    files: fc.dictionary(
      fileName.map((name) => `form/${name}`),
      fc.constantFrom('key', {}, { format: 'yaml' }, { template: '{{ a | json }}' }, { mode: '0444' }),
      { minKeys: 1, maxKeys: 2 },
    ),
    filesFrom: fc.constantFrom({ directory: 'all', exclude: ['t*'] }),
    containers: fc.constantFrom(['app0']),
    optional: fc.boolean(),
  },
  { requiredKeys: ['secret', 'env'] },
);

/** JSON is YAML too. */
const form = fc
  .array(formEntry, { minLength: 1, maxLength: 2 })
  .map((entries) => ['secrets', JSON.stringify(entries, null, 1)] as const);

const option = fc.oneof(
  fc.constantFrom('shell', 'file', 'auto', 'native').map((mode) => ['env-mode', mode] as const),
  fc.constantFrom('dotenv', 'json').map((format) => ['env-format', format] as const),
  fc.constantFrom('/app/secrets', '/run/secrets/aws').map((path) => ['mount-path', path] as const),
  fc.constantFrom('30s', '5m').map((text) => ['fetch-timeout', text] as const),
  fc.constantFrom('*').map((text) => ['containers', text] as const),
  fc.constantFrom('100m', 'none').map((text) => ['cpu-limit', text] as const),
  fc
    .constantFrom('a', 'team/b')
    .map((name) => ['role-arn', `arn:aws:iam::111122223333:role/${name}`] as const),
  fc.constant(['assume-role-arn', 'arn:aws:iam::444455556666:role/c'] as const),
  fc.constant(['manifest-file', 'true'] as const),
);

/** Options that keep the files up to date. Those for signals need more of the pod than most pods have. */
const refreshing = fc
  .record(
    {
      refresh: fc.constantFrom('30s', '5m', '24h'),
      'refresh-required': fc.constantFrom('true', 'false'),
      'on-change': fc
        .uniqueArray(
          fc.oneof(
            {
              arbitrary: fc.constantFrom(
                'http://localhost:8080/reload',
                'http://[::1]/?a=b',
                'touch:reloaded',
              ),
              weight: 9,
            },
            { arbitrary: fc.constant('signal:HUP@app0'), weight: 1 },
          ),
          { minLength: 1, maxLength: 2 },
        )
        .map((actions) => actions.join(', ')),
    },
    { requiredKeys: ['refresh'] },
  )
  .map((options) => Object.entries(options));

/** Annotations that a user means. */
export const validAnnotations = fc
  .tuple(
    arn,
    fc.array(asked, { minLength: 1, maxLength: 12 }),
    fc.array(option, { maxLength: 3 }),
    fc.array(form, { maxLength: 1 }),
    fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, { arbitrary: refreshing, weight: 1 }),
  )
  .map(([db, asks, options, forms, refresh]) =>
    Object.fromEntries(
      [['secret.db', db] as const, ...asks, ...options, ...forms, ...refresh].map(([name, text]) => [
        `${PREFIX}${name}`,
        text,
      ]),
    ),
  );

/** Annotations that nobody means: any key and any text under the prefix, and real keys with any text. */
export const hostileAnnotations = fc.dictionary(
  fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 40 }).map((name) => `${PREFIX}${name}`),
    fc
      .tuple(
        fc.constantFrom(
          'env.',
          'file.',
          'env-from.',
          'file-from.',
          'secret.',
          'secrets',
          'env-format',
          'mount-path',
          'containers',
          'fetch-timeout',
          'env-mode',
          'run-as-user',
          'cpu-limit',
          'role-arn',
          'assume-role-arn',
          'external-id',
          'refresh',
          'refresh-required',
          'on-change',
        ),
        fc.string({ unit: anyCharacter, maxLength: 20 }),
      )
      .map(([family, name]) => `${PREFIX}${family}${name}`),
    fc.constantFrom(
      '__proto__',
      'constructor',
      `${PREFIX}__proto__`,
      `${PREFIX}mount-path`,
      `${PREFIX}secret.arn`,
    ),
  ),
  fc.oneof(
    reference,
    arn,
    fc.string({ unit: anyCharacter, maxLength: 60 }),
    fc.constantFrom('', '/', '../x', '*', '5m'),
    fc
      .array(
        fc
          .tuple(
            fc.constantFrom('signal:', 'signal:HUP@', 'touch:', 'http://localhost/', ''),
            fc.string({ unit: anyCharacter, maxLength: 10 }),
          )
          .map(([start, end]) => start + end),
        { maxLength: 9 },
      )
      .map((actions) => actions.join()),
  ),
  { maxKeys: 20 },
);

const unknownField = fc.tuple(fc.stringMatching(/^future[A-Z][a-z]{2,8}$/), fc.jsonValue({ maxDepth: 3 }));
const quantity = fc.constantFrom('10m', '500m', '2', '64Mi', '1Gi');
const resources = fc.record(
  {
    requests: fc.record({ cpu: quantity, memory: quantity }, { requiredKeys: [] }),
    limits: fc.record({ cpu: quantity, memory: quantity }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

const container = (name: string) =>
  fc
    .tuple(
      fc.record(
        {
          image: fc.constantFrom('shop/app:1', 'shop/worker@sha256:0'),
          command: fc.oneof(
            fc.constantFrom(['sh', '-c', 'run'], ['/bin/bash', 'x']),
            fc.array(fc.string({ unit: anyCharacter, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
          ),
          args: fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }),
          env: fc.oneof(
            fc.constant(null),
            fc.array(
              fc.record({ name: fc.stringMatching(/^own_[a-z]{1,6}$/), value: fc.string({ maxLength: 5 }) }),
              { maxLength: 3 },
            ),
          ),
          volumeMounts: fc.oneof(
            fc.constant(null),
            fc.constant([]),
            fc.constant([{ name: 'data', mountPath: '/data' }]),
          ),
          resources,
          securityContext: fc.record({ runAsUser: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: [] }),
        },
        { requiredKeys: ['image', 'command'] },
      ),
      fc.array(unknownField, { maxLength: 2 }),
    )
    .map(([fields, unknown]) => ({ name, ...fields, ...Object.fromEntries(unknown) }));

const containers = (prefix: string, least: number) =>
  fc
    .integer({ min: least, max: 4 })
    .chain((count) =>
      fc.tuple(...Array.from({ length: count }, (_, index) => container(`${prefix}${index}`))),
    );

/** A pod with the given annotations. */
export const podWith = (annotations: fc.Arbitrary<unknown>) =>
  fc
    .record({
      annotations,
      regular: containers('app', 1),
      init: fc.oneof(fc.constant(undefined), fc.constant(null), containers('init', 0)),
      volumes: fc.constantFrom(undefined, null, [], [{ name: 'data', emptyDir: {} }]),
      unknown: fc.array(unknownField, { maxLength: 2 }),
      shared: fc.constantFrom({}, { shareProcessNamespace: true, securityContext: { runAsUser: 2 } }),
    })
    .map(({ annotations: notes, regular, init, volumes, unknown, shared }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', annotations: notes },
      spec: {
        ...Object.fromEntries(unknown),
        ...shared,
        containers: regular,
        ...(init === undefined ? {} : { initContainers: init }),
        ...(volumes === undefined ? {} : { volumes }),
      },
    }));
