/** The webhook's problems and warnings are the findings of lint, under the same codes. */
import { expect, it } from 'vitest';
import { lintPod } from '../../../../../src/core/advice/lint/lint-pod.ts';
import { LINT_RULES } from '../../../../../src/core/advice/lint/rules.ts';
import { decideInjection } from '../../../../../src/core/inject.ts';
import { field } from '../../../../../src/core/json.ts';
import { ADMISSION_CODES } from '../../../../../src/core/problems/admission-codes.ts';
import { goldenCases } from '../../../../golden/cases.ts';

const isInjected = (pod: unknown): boolean =>
  JSON.stringify(field(pod, 'spec')).includes('"aws-secrets-fetch"');

// Lint does not know the versions that the rollout controller has recorded, nor what an earlier pass added. A pod without
// images is a patch to it.
const CASES = goldenCases().filter(
  ({ name, pod }) =>
    !isInjected(pod) &&
    JSON.stringify(pod).includes('"image"') &&
    !name.includes('pin') &&
    !name.includes('version-not-recorded'),
);

it('there are many', () => expect(CASES.length).toBeGreaterThan(150));

it.each(CASES)('$name', ({ pod, namespace, settings }) => {
  const { native = { can: false, why: 'none' }, ...others } = settings;
  const injection = { ...others, native };
  const outcome = decideInjection(pod, { namespace }, injection);
  const findings = lintPod({ json: pod, namespace }, { injection, detectsPlainText: true });
  const errors = findings.filter(({ rule }) => Object.hasOwn(ADMISSION_CODES, rule));
  const problems = outcome.kind === 'denied' ? outcome.problems : [];
  expect(errors.map(({ rule, subject, message }) => `${rule} ${subject}: ${message}`)).toEqual(
    problems.map(({ code, subject, wrong, expected }) => `${code} ${subject}: ${wrong}; ${expected}`),
  );
  for (const { rule, place } of findings) {
    expect(LINT_RULES.has(rule)).toBe(true);
    // The part of the pod exists, but for fields that are missing.
    const known = place.path.reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], pod);
    if (place.path[0] === 'metadata') expect(known, place.path.join('.')).toBeDefined();
  }
});
