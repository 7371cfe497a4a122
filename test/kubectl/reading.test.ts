/** `render` reads from a file what kubectl reads, or refuses it. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../src/cli/yaml/documents.ts';
import { decode, prepareDecoder } from './decoder.ts';
import { anyText, SEED } from './generated.ts';
import { DOCUMENTS, SCALARS } from './manifests.ts';

const missing = await prepareDecoder();
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

/** What `render` refuses although kubectl takes it: kubectl drops or alters data, or chooses by chance. */
const STRICTER = [
  'the text after a JSON object is not JSON',
  'JSON has no number for this value: put it in quotes if it is text',
  'kubectl does not accept directives ("%")',
  'the value does not fit its tag',
  'two keys of this map differ in YAML and are equal in JSON',
  'a key is a number that kubectl rounds: put it in quotes',
  // kubectl refuses these too, unless the value is overridden by a second one for the same key.
  'a key is null',
  'a key is an integer of more than 63 bits',
];

type Reading = { readonly objects: readonly unknown[] } | { readonly wrong: string };

function read(text: string): Reading {
  const result = readDocuments(text.replace(/^\ufeff/, ''));
  if (!result.ok) return { wrong: result.problem.wrong };
  return { objects: result.value.map(({ data }) => data).filter((data) => data !== undefined) };
}

/** The texts that `render` and kubectl read differently. */
async function differences(
  texts: readonly string[],
  stricter: readonly string[],
): Promise<readonly unknown[]> {
  const answers = await decode(texts);
  return texts
    .map((text, index) => ({ text, ours: read(text), theirs: answers[index] ?? { error: 'no answer' } }))
    .filter(({ ours, theirs }) => {
      if ('wrong' in ours) return 'objects' in theirs && !stricter.includes(ours.wrong);
      return 'error' in theirs || !isDeepStrictEqual(ours.objects, theirs.objects);
    });
}

describe.skipIf(missing !== undefined)('as kubectl reads it', () => {
  it('every scalar, as value, key and list item', async () => {
    const texts = SCALARS.flatMap((scalar) => [
      `a: ${scalar}\n`,
      `a: ${scalar}`,
      `- ${scalar}\n- b\n`,
      `a: [${scalar}, b]\n`,
      `a: {b: ${scalar}}\n`,
      `a:\n  ${scalar}\n`,
    ]);
    expect(await differences(texts, [])).toEqual([]);
    const keys = SCALARS.flatMap((scalar) => [`${scalar}: a\n`, `a: {${scalar}: b}\n`]);
    expect(await differences(keys, STRICTER.slice(5, 6))).toEqual([]);
  });

  it.each(Object.entries(DOCUMENTS))('%s', async (_name, text) => {
    expect(await differences([text], [])).toEqual([]);
  });

  it('texts made at random', async () => {
    const texts = fc.sample(anyText, { numRuns: 30_000, seed: SEED });
    const found = await differences(texts, STRICTER);
    expect(found.slice(0, 3), `KUBECTL_SEED=${SEED}`).toEqual([]);
  });
});

describe('stricter than kubectl, with a reason', () => {
  it.each([
    ['a directive that hides the document after it', '---\n%YAML 1.2\na: b\n', STRICTER[2]],
    ['binary data that is no text', 'a: !!binary /w==\n', STRICTER[3]],
    ['keys that are equal in JSON', '1: a\n"1": b\n', STRICTER[4]],
    ['keys that kubectl rounds', '1.23456789: a\n', STRICTER[5]],
    ['text after a JSON object', '{"a": 1}\u00a0b: c\n', STRICTER[0]],
    ['a JSON number that is infinite', '{"a": 1e999}\n', STRICTER[1]],
    ['deep nesting', `${'['.repeat(600)}${']'.repeat(600)}\n`, 'the text is nested too deeply'],
  ])('%s', (_name, text, wrong) => {
    expect(read(text)).toEqual({ wrong });
  });
});
