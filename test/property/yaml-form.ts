/** Generated forms: valid ones, and ones with something wrong. */
import fc from 'fast-check';

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,8}$/);
/** Text that YAML, JavaScript or the form treat specially when it is not quoted. */
const text = fc.oneof(
  word,
  fc.constantFrom(
    'true',
    'null',
    '5',
    '0440',
    '~',
    '*a',
    '&a',
    '!a',
    '<<',
    '- a',
    'a: b',
    '# c',
    ' x ',
    '__proto__',
  ),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const name = fc.oneof(word, fc.constantFrom('__proto__', 'constructor', '5', 'true', 'tls/key.pem', 'ä b'));
const flag = fc.boolean();

function some<T>(model: { [Field in keyof T]: fc.Arbitrary<T[Field]> }) {
  return fc.record(model, { requiredKeys: [] });
}

const place = fc.oneof(
  fc.constant({}),
  text.map((key) => ({ key })),
  text.map((jmesPath) => ({ jmesPath })),
);
const absence = fc.oneof(
  some({ optional: flag }),
  fc.record({ default: fc.string({ maxLength: 5 }) }),
  fc.record({ default: text, optional: fc.constant(true) }),
);
const decode = some({ decode: fc.constant('base64') });
const mode = some({ mode: fc.constantFrom('0400', '0440', '0444', '0777') });
const variable = fc.tuple(place, absence, decode).map((parts) => Object.assign({}, ...parts));
const pem = some({ pem: fc.constantFrom('certificates', 'private-key') });
const file = fc.oneof(
  fc.tuple(place, absence, decode, mode, pem).map((parts) => Object.assign({}, ...parts)),
  fc
    .tuple(mode, absence, fc.record({ format: fc.constantFrom('shell', 'docker', 'json', 'yaml') }))
    .map((parts) => Object.assign({}, ...parts)),
  fc
    .tuple(
      mode,
      some({ optional: flag, escape: fc.constantFrom('json', 'raw') }),
      fc.record({ template: text }),
    )
    .map((parts) => Object.assign({}, ...parts)),
);

const onCollision = fc.constantFrom('refuse', 'skip');
// Lists that cannot meet: no JSON Schema can say that they must not.
const included = fc.array(fc.stringMatching(/^i[a-z ]{0,4}$/), { minLength: 1, maxLength: 3 });
const excluded = fc.array(fc.stringMatching(/^e[a-z*]{0,4}$/), { maxLength: 3 });
const envFrom = fc.oneof(
  fc.constant(true),
  some({
    prefix: fc.constantFrom('', 'DB_'),
    case: fc.constantFrom('upper', 'lower', 'keep'),
    include: included,
    exclude: excluded,
    onCollision,
  }),
);
const filesFrom = fc
  .tuple(fc.record({ directory: name }), mode, some({ include: included, exclude: excluded, onCollision }))
  .map((parts) => Object.assign({}, ...parts));

const dictionary = (value: fc.Arbitrary<unknown>) =>
  fc.dictionary(name, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
const ask = some({
  env: dictionary(fc.oneof(text, variable)),
  envFrom,
  files: dictionary(fc.oneof(text, file)),
  filesFrom,
}).filter((asked) => Object.keys(asked).length > 0);
const version = fc.oneof(some({ versionStage: text }), some({ versionId: text }));
const rest = some({ containers: fc.array(word, { minLength: 1, maxLength: 2 }), optional: flag });

/** A valid list of entries, as plain data. */
export const form: fc.Arbitrary<object[]> = fc.array(
  fc.tuple(fc.record({ secret: text }), ask, version, rest).map((parts) => Object.assign({}, ...parts)),
  { minLength: 1, maxLength: 3 },
);

const KNOWN = [
  'key',
  'jmesPath',
  'default',
  'optional',
  'format',
  'template',
  'escape',
  'mode',
  'include',
  'secret',
];
const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, '', 5, 1.5, true, false, [], {}, [[]], [{}], 'text', '0400', '8', 'a*', {
    key: 'a',
  }),
  text,
);

/** A list of entries in which something was replaced, added or removed: mostly, but not always, invalid. */
export const damagedForm: fc.Arbitrary<unknown> = fc
  .tuple(
    form,
    fc.array(
      fc.tuple(
        fc.nat(),
        wrong,
        fc.constantFrom('set', 'add', 'remove'),
        fc.oneof(fc.constantFrom(...KNOWN), name),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([entries, damages]) => {
    const root: unknown = structuredClone(entries);
    for (const [seed, value, how, field] of damages) damage(root, seed, structuredClone(value), how, field);
    return root;
  });

function damage(root: unknown, seed: number, value: unknown, how: string, field: string): void {
  const holders: Record<string, unknown>[] = [];
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    holders.push(node as Record<string, unknown>);
    Object.values(node).forEach(collect);
  };
  collect(root);
  const holder = holders[seed % holders.length];
  if (holder === undefined) return;
  const keys = Object.keys(holder);
  const key = keys[(seed >> 8) % Math.max(keys.length, 1)];
  if (how === 'add' && !Array.isArray(holder)) define(holder, field, value);
  else if (key !== undefined && how === 'set') define(holder, key, value);
  else if (key !== undefined && how === 'remove' && !Array.isArray(holder)) delete holder[key];
}

/** Assignment would set the prototype where the key is `__proto__`. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
