/** JSON of secrets is read as it is written, whatever was read before. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readDocument } from '../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';

const key = fc
  .array(fc.constantFrom('z', '\\', '"', '\n', ':', '<', 'key', '\u2028'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));
const { document } = fc.letrec((tie) => ({
  document: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(1, 1.5, true, null, 'a":"\\b', 'z\\'),
    fc.array(tie('document'), { maxLength: 3 }),
    fc.dictionary(key, tie('document'), { maxKeys: 4 }),
  ),
}));

it('keys, values and their order', () => {
  fc.assert(
    fc.property(fc.array(document, { minLength: 1, maxLength: 4 }), fc.boolean(), (documents, isEscaped) => {
      for (const one of documents) {
        const compact = JSON.stringify(one);
        const text = isEscaped ? compact.replaceAll('<', '\\u003c') : compact;
        const found = readDocument(new SecretValue(text));
        expect(JSON.stringify(found?.root)).toBe(compact);
      }
    }),
    { numRuns: 1000 },
  );
});
