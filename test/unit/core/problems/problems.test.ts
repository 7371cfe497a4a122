import { expect, it } from 'vitest';
import { ADMISSION_CODES } from '../../../../src/core/problems/admission-codes.ts';
import { FETCH_CODES } from '../../../../src/core/problems/fetch-codes.ts';
import { Findings } from '../../../../src/core/problems/findings.ts';
import { formatProblems } from '../../../../src/core/problems/problems.ts';
import { REFRESH_CODES } from '../../../../src/core/problems/refresh-codes.ts';
import { failed, ok } from '../../../../src/core/problems/result.ts';
import { RETIRED_CODES } from '../../../../src/core/problems/retired-codes.ts';

const problem = { code: 'INTERNAL', subject: 's', wrong: 'w', expected: 'e' } as const;

it('uses every code once, and no retired one', () => {
  const tables = [ADMISSION_CODES, FETCH_CODES, REFRESH_CODES];
  const codes = [...tables.flatMap((table) => Object.keys(table)), ...RETIRED_CODES];
  expect(new Set(codes).size).toBe(codes.length);
});

it('shows five problems and counts the rest', () => {
  expect(formatProblems(Array.from({ length: 5 }, () => problem)).split('\n')).toHaveLength(5);
  expect(formatProblems(Array.from({ length: 7 }, () => problem))).toMatch(/\n… and 2 more$/);
});

it('gathers problems, one, several or none', () => {
  const findings = new Findings();
  findings.add(undefined);
  expect(findings.isClean).toBe(true);
  findings.add(problem);
  findings.add([problem, problem]);
  expect(findings.take(ok(7))).toBe(7);
  expect(findings.take(failed(problem))).toBeUndefined();
  expect(findings.problems).toHaveLength(4);
  expect(findings.isClean).toBe(false);
});

it('keeps a warning to one printable line of 120 characters', () => {
  const findings = new Findings();
  findings.warn('PROCESSES_SHARED', 'spec.hostPID', `a\nb${'c'.repeat(300)}`);
  expect(findings.warnings[0]).toMatch(/^a\?bc+…$/);
  expect(findings.warnings[0]).toHaveLength(120);
  expect(findings.isClean).toBe(true);
});
