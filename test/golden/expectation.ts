/** The expected outcome of a case as one readable file, so that a change shows in a review as a diff. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from '../../src/core/decide/outcome.ts';
import { formatProblem } from '../../src/core/problems/problems.ts';
import type { GoldenCase } from './cases.ts';

const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

/** An outcome as text: one operation a line, long values pretty. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'injected':
      return `injected\n${warnings(outcome.warnings)}${JSON.stringify(outcome.patch, readablePlan, 2)}\n`;
    case 'unchanged':
      return `unchanged ${outcome.reason}\n${warnings(outcome.warnings)}`;
    case 'denied':
      return `denied\n${outcome.problems.map((problem) => `${formatProblem(problem)}\n`).join('')}`;
    case 'failed':
      return 'failed\n';
  }
}

/** The plan is JSON inside JSON: shown parsed, so that a diff of it can be read. */
function readablePlan(this: unknown, key: string, value: unknown): unknown {
  const isPlan = key === 'value' && typeof value === 'string' && value.startsWith('{"version"');
  return isPlan ? { plan: JSON.parse(value) } : value;
}

function warnings(list: readonly string[]): string {
  return list.map((warning) => `warning ${warning}\n`).join('');
}

/** Reads what a case expects; with UPDATE_GOLDEN=1 writes it instead. */
export function expectation(one: GoldenCase, actual: string): string {
  const file = path.join(one.folder, 'outcome.txt');
  if (UPDATE) writeFileSync(file, actual);
  if (!existsSync(file))
    return '(no outcome.txt: run UPDATE_GOLDEN=1 ./scripts/test golden and read what it writes)';
  return readFileSync(file, 'utf8');
}
