/** Pods with YAML forms that can be injected, for what comes behind admission. */
import fc from 'fast-check';

const ARNS = ['one', 'two', 'three'].map(
  (name) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`,
);

function some<T>(model: { [Field in keyof T]: fc.Arbitrary<T[Field]> }) {
  return fc.record(model, { requiredKeys: [] });
}

const merge = (parts: readonly object[]): object => Object.assign({}, ...parts);

export const KEYS = [
  'user',
  'pass-word',
  'A',
  '__proto__',
  'ä b',
  'list',
  '',
  '..',
  'a/b',
  'PATH',
  'UID',
] as const;
const key = fc.oneof(
  { arbitrary: fc.constantFrom('user', 'A', 'pass-word'), weight: 4 },
  fc.constantFrom(...KEYS.filter((one) => one !== '')),
);
const place = fc.oneof(
  fc.constant({}),
  key.map((one) => ({ key: one })),
  fc
    .constantFrom(
      'user',
      'A',
      'list[0].a',
      '*',
      'keys(@)',
      'to_number(user)',
      '@',
      'list[*].[a,a,a]',
      'sum(list)',
      '__proto__',
    )
    .map((jmesPath) => ({ jmesPath })),
);
const absence = fc.oneof(
  some({ optional: fc.boolean() }),
  fc.record({ default: fc.constantFrom('', 'stand-in', "it's", '\0') }),
);
const seldom = (field: object) => fc.oneof({ arbitrary: fc.constant({}), weight: 8 }, fc.constant(field));
const decode = seldom({ decode: 'base64' });
const mode = some({ mode: fc.constantFrom('0444', '0644', '0777') });
const variable = fc.tuple(place, absence, decode).map(merge);
const file = fc.oneof(
  fc
    .tuple(
      place,
      absence,
      decode,
      mode,
      fc.oneof(seldom({ pem: 'certificates' }), seldom({ pem: 'private-key' })),
    )
    .map(merge),
  fc
    .tuple(
      mode,
      some({ optional: fc.boolean() }),
      fc.record({
        format: fc.constantFrom('shell', 'dotenv', 'docker', 'systemd', 'properties', 'json', 'yaml'),
      }),
    )
    .map(merge),
  fc
    .tuple(
      mode,
      fc.record({
        escape: fc.constantFrom('json', 'url', 'shell', 'properties', 'xml', 'yaml', 'raw'),
        template: fc.constantFrom(
          '{{user}}',
          'a{{#list}}{{.}}{{^a}}-{{/a}}{{/list}}',
          '{{user|json}} {{__proto__}}',
          'plain',
        ),
      }),
    )
    .map(merge),
);
const lists = some({
  exclude: fc.array(fc.constantFrom('*', 'U*', '*r', 'x*y', 'PATH', '..', 'a/b', ''.padEnd(3, '*')), {
    maxLength: 3,
  }),
  onCollision: fc.constantFrom('refuse', 'skip'),
});
const envFrom = fc.oneof(
  fc.constant(true),
  fc
    .tuple(
      lists,
      some({ prefix: fc.constantFrom('DB_', 'x'), case: fc.constantFrom('upper', 'lower', 'keep') }),
    )
    .map(merge),
);

/** Names are numbered, so that none is asked for twice. */
const entry = (index: number) =>
  fc
    .tuple(
      fc.record({ secret: fc.constantFrom(...ARNS) }),
      fc.record({
        files: fc
          .tuple(file, file)
          .map(([one, other]) => ({ [`f${index}/a`]: one, [`f${index}/b/c`]: other })),
      }),
      some({
        env: fc
          .tuple(variable, variable)
          .map(([one, other]) => ({ [`V${index}`]: one, [`_w${index}`]: other })),
        envFrom,
        filesFrom: fc
          .tuple(
            lists,
            mode,
            fc.record({ directory: fc.constantFrom(`d${index}`, `f${index}`, `f${index}/b`) }),
          )
          .map(merge),
        optional: fc.boolean(),
        containers: fc.constantFrom(['app'], ['other'], ['app', 'other']),
      }),
      fc.oneof(
        fc.constant({}),
        fc.constantFrom({ versionStage: 'AWSPREVIOUS' }, { versionId: 'x'.repeat(32) }),
      ),
    )
    .map(merge);

/** Entries as plain data, which as JSON are a YAML form too. */
export const askedForm = fc
  .integer({ min: 1, max: 3 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => entry(index))));

const options = fc.oneof(
  fc.constant({ 'env-mode': 'native' }),
  fc.constant({ 'env-mode': 'shell' }),
  fc
    .constantFrom('shell', 'dotenv', 'docker', 'systemd', 'properties', 'json', 'yaml')
    .map((format) => ({ 'env-mode': 'file', 'env-format': format })),
);

/** A pod that asks for a form. */
export const askingPod = fc.tuple(askedForm, options).map(([form, chosen]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    annotations: Object.fromEntries(
      Object.entries({ secrets: JSON.stringify(form), ...chosen }).map(([name, value]) => [
        `secrets-injector.dev/${name}`,
        value,
      ]),
    ),
  },
  spec: {
    containers: ['app', 'other'].map((name) => ({
      name,
      command: ['sh', '-c', 'run'],
      env: [{ name: 'OWN', value: 'x' }],
    })),
  },
}));
