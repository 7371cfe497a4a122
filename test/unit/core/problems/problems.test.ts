import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FAMILIES, OPTIONS } from '../../../../src/core/names/annotation-keys.ts';
import { ALL_CODES, exitCodeOf, formatProblems } from '../../../../src/core/problems/problems.ts';

const docs = (name: string) => readFileSync(path.join(import.meta.dirname, '../../../../docs', name), 'utf8');

it('documents every code, and no code that does not exist', () => {
  const documented = [...docs('problems.md').matchAll(/^\| (?:\d+ \| )?`([A-Z_]+)`/gm)].map(
    (match) => match[1],
  );
  expect(documented.toSorted()).toEqual(ALL_CODES.toSorted());
});

it('documents the exit codes that the program uses', () => {
  for (const [, exit, code] of docs('problems.md').matchAll(/^\| (\d+) \| `([A-Z_]+)`/gm)) {
    expect(exitCodeOf(code as Parameters<typeof exitCodeOf>[0]), code).toBe(Number(exit));
  }
});

it('documents every annotation', () => {
  const text = docs('annotations.md');
  for (const key of Object.keys(OPTIONS)) expect(text).toContain(`\`${key}\``);
  for (const family of Object.keys(FAMILIES)) expect(text).toContain(`\`${family}.<`);
});

it('shows five problems and counts the rest', () => {
  const problem = { code: 'INTERNAL', subject: 's', wrong: 'w', expected: 'e' };
  expect(formatProblems(Array.from({ length: 5 }, () => problem)).split('\n')).toHaveLength(5);
  expect(formatProblems(Array.from({ length: 7 }, () => problem))).toMatch(/\n… and 2 more$/);
});
