import { readdirSync } from 'node:fs';
import jsonpatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { decideInjection } from '../../src/core/inject.ts';
import { expectAdditionsOnly } from './additions.ts';
import { goldenCases } from './cases.ts';
import { describeOutcome, expectation } from './expectation.ts';

describe.each(goldenCases())('golden case $name', (one) => {
  const decideCase = (pod: unknown) => decideInjection(pod, { namespace: one.namespace }, one.settings);

  it('has the expected outcome', () => {
    const actual = describeOutcome(decideCase(one.pod));
    expect(actual).toBe(expectation(one, actual));
  });

  it('has no file that nothing reads', () => {
    expect(
      readdirSync(one.folder).filter((file) => !['pod.yaml', 'case.yaml', 'outcome.txt'].includes(file)),
    ).toEqual([]);
  });

  it('adds nothing on its own output and leaves its input alone', () => {
    const before = JSON.stringify(one.pod);
    const outcome = decideCase(one.pod);
    expect(JSON.stringify(one.pod)).toBe(before);
    if (outcome.kind !== 'injected') return;
    const patched = jsonpatch.applyPatch(
      structuredClone(one.pod),
      structuredClone([...outcome.patch]),
      true,
    ).newDocument;
    expectAdditionsOnly(one.pod, patched);
    expect(decideCase(patched)).toMatchObject({ kind: 'unchanged', reason: 'already-injected' });
  });
});
