/** What kubectl reads from a printed manifest is the patch, applied to what it reads from the source. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { editFile } from '../../src/cli/manifests/edit-file.ts';
import { readDocuments } from '../../src/cli/yaml/documents.ts';
import type { AddOperation } from '../../src/core/additions/patch.ts';
import { type Answer, decode, prepareDecoder } from './decoder.ts';
import { additions, anyMutant, SEED } from './generated.ts';

const missing = await prepareDecoder();
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

interface Job {
  readonly text: string;
  /** For each object of the file. */
  readonly operations: readonly (readonly AddOperation[])[];
  /** Undefined if `render` refuses to change the file. */
  readonly printed: string | undefined;
}

/** @param choices undefined for a file that cannot be read */
function jobFor(text: string, choices: readonly number[]): Job | undefined {
  const read = readDocuments(text);
  if (!read.ok) return undefined;
  const changes = read.value.map((document) => ({
    document,
    operations: document.data === undefined ? [] : additions(plain(document.data), choices),
  }));
  const edited = editFile(text, changes);
  return {
    text,
    operations: changes.filter(({ document }) => document.data !== undefined).map((one) => one.operations),
    printed: typeof edited === 'number' ? undefined : edited.text,
  };
}

function plain(data: unknown): unknown {
  return JSON.parse(
    JSON.stringify(data, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)),
  );
}

function patched(answer: Answer, operations: Job['operations']): Answer {
  if ('error' in answer) return answer;
  const objects = answer.objects.map((object, index) => {
    const list = (operations[index] ?? []).map((one) => structuredClone(one));
    return list.length === 0 ? object : jsonpatch.applyPatch(object, list, true).newDocument;
  });
  return { objects };
}

const choices = fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 4 });

describe.skipIf(missing !== undefined)('documents made at random', () => {
  it('are printed so that kubectl reads the patched data', async () => {
    const jobs = fc
      .sample(fc.tuple(anyMutant, choices), { numRuns: 8000, seed: SEED })
      .flatMap(([text, numbers]) => jobFor(text, numbers) ?? []);
    const printed = jobs.filter((job) => job.printed !== undefined);
    const before = await decode(printed.map((job) => job.text));
    const after = await decode(printed.map((job) => job.printed ?? ''));
    const wrong = printed.filter(
      (job, index) =>
        !isDeepStrictEqual(patched(before[index] ?? { error: '' }, job.operations), after[index]),
    );
    expect(wrong.slice(0, 3), `KUBECTL_SEED=${SEED}`).toEqual([]);
    // Some layouts leave no room, for example a key without a colon.
    expect(printed.length / jobs.length).toBeGreaterThan(0.97);
  });
});

it('documents keep every character of the source, in order, except for replaced nulls and aliases', () => {
  for (const [text, numbers] of fc.sample(fc.tuple(anyMutant, choices), { numRuns: 2000, seed: SEED })) {
    // Without a value, a node with an anchor is null, too.
    if (/[*~&]|null/.test(text)) continue;
    const printed = jobFor(text, numbers)?.printed;
    if (printed !== undefined) expect(isSubsequence(text.replaceAll(/\s/g, ''), printed)).toBe(true);
  }
});

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at += 1;
  // Characters beyond the BMP count twice in the source.
  return at >= part.length || /[\ud800-\udfff]/.test(part);
}
