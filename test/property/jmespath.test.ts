/** Any path to any leaf of any document gives that leaf's text, to the digit. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jmesPathFault, selectByJmesPath } from '../../src/core/jmespath/index.ts';
import { failed, ok } from '../../src/core/problems/result.ts';
import { readDocument } from '../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';

/** A value as the secret writes it, with the paths of its leaves and what each path gives. */
interface Written {
  readonly json: string;
  readonly leaves: readonly { readonly path: readonly (string | number)[]; readonly text: string | null }[];
}

const digits = fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,25})(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,4})?$/);
const leaf = fc.oneof(
  digits.map((text) => ({ json: text, text })),
  fc.string({ unit: 'binary' }).map((text) => ({ json: JSON.stringify(text), text })),
  fc.boolean().map((flag) => ({ json: String(flag), text: String(flag) })),
  fc.constant({ json: 'null', text: null }),
);
const key = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'length',
    'toString',
    'rawJSON',
    'hasOwnProperty',
    'expref',
    'a-b',
    'a.b',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text.isWellFormed()),
);

const { node } = fc.letrec<{ node: Written }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf.map(({ json, text }): Written => ({ json, leaves: [{ path: [], text }] })),
    fc.array(tie('node'), { maxLength: 4 }).map((items) =>
      within(
        items.map((item, index) => [index, item]),
        false,
      ),
    ),
    fc.dictionary(key, tie('node'), { maxKeys: 4 }).map((members) => within(Object.entries(members), true)),
  ),
}));

function within(entries: readonly (readonly [string | number, Written])[], isObject: boolean): Written {
  const parts = entries.map(([name, { json }]) => (isObject ? `${JSON.stringify(name)}: ${json}` : json));
  return {
    json: isObject ? `{${parts.join(' , ')}}` : `[ ${parts.join(',')} ]`,
    leaves: entries.flatMap(([name, { leaves }]) =>
      leaves.map((one) => ({ path: [name, ...one.path], text: one.text })),
    ),
  };
}

function expressionOf(path: readonly (string | number)[]): string {
  const steps = path.map((step, index) => {
    if (typeof step === 'number') return `[${step}]`;
    return `${index === 0 ? '' : '.'}${JSON.stringify(step)}`;
  });
  return steps.join('') || '@';
}

it('selects every leaf exactly', () => {
  fc.assert(
    fc.property(node, ({ json, leaves }) => {
      const document = readDocument(new SecretValue(json));
      if (document === undefined) throw new Error('no JSON');
      for (const { path, text } of leaves) {
        const selected = selectByJmesPath(expressionOf(path), document);
        expect(selected).toEqual(ok(text ?? undefined));
      }
      // The whole, compacted, still means the same and holds the same digits.
      const whole = selectByJmesPath('to_array(@)', document);
      const plain: unknown = JSON.parse(json);
      expect(JSON.parse((whole as { value: string }).value)).toEqual(Array.isArray(plain) ? plain : [plain]);
      for (const number of leaves.filter(({ text }) => text !== null && /^-?\d/.test(text)))
        expect((whole as { value: string }).value).toContain(number.text);
    }),
    { numRuns: 500 },
  );
});

const piece = fc.constantFrom(
  ...[
    'a',
    'b',
    '"a"',
    '.',
    '[',
    ']',
    '[?',
    '(',
    ')',
    '{',
    '}',
    ',',
    ':',
    '@',
    '*',
    '&',
    '&&',
    '|',
    '||',
    '!',
    '==',
    '<',
  ],
  ...[
    '0',
    '-1',
    '[0]',
    '[]',
    '[*]',
    "'x'",
    '`1`',
    '`{"a":[1.0]}`',
    'sort(',
    'map(&',
    'keys(@)',
    'length(a)',
    ' ',
    '\\',
    "'",
  ],
);

it('takes any text, and has an answer for whatever it accepts', () => {
  const document = readDocument(new SecretValue('{"a":[{"b":1.0},{"b":"x"}],"b":{"a":[3,2,1]}}')) ?? {
    root: null,
  };
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );
  fc.assert(
    fc.property(text, (expression) => {
      const fault = jmesPathFault(expression);
      const selected = selectByJmesPath(expression, document);
      if (fault !== undefined) expect(selected).toEqual(failed(fault));
      else expect(typeof selected.ok).toBe('boolean');
    }),
    { numRuns: 5_000 },
  );
});
