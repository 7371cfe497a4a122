/** Renders views in memory, with as little typing as a test wants. */
import { expect } from 'vitest';
import { selectByJmesPath } from '../../../../src/core/jmespath/index.ts';
import type { PlanView } from '../../../../src/core/plan/plan.ts';
import { formatProblem } from '../../../../src/core/problems/problems.ts';
import { renderViews } from '../../../../src/core/render/render.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { renderTemplate } from '../../../../src/core/template/index.ts';
import { arnOf, planOf } from '../../../fetcher/plans.ts';

export const ENGINES = { selectByJmesPath, renderTemplate };

/** What every secret holds: undefined stands for one that is absent. */
export type Content = string | Uint8Array | undefined;

/** @param contents of the plan's secrets, the first of which is called `one` */
export function render(
  view: Partial<PlanView>,
  ...contents: readonly Content[]
): ReturnType<typeof renderViews> {
  const arns = ['one', 'two', 'three'].slice(0, contents.length).map((name) => arnOf(name));
  const values = contents.map((content) => (content === undefined ? undefined : new SecretValue(content)));
  return renderViews(planOf(arns, view), values, ENGINES);
}

/** Contents by path; bytes that are no text in hexadecimal. */
export function filesOf(view: Partial<PlanView>, ...contents: readonly Content[]): Record<string, string> {
  const rendered = render(view, ...contents);
  if (!rendered.ok) throw new Error(rendered.problem.map(formatProblem).join('\n'));
  return Object.fromEntries(
    rendered.value.flatMap(({ files }) =>
      files.map(({ path, content }) => [path, content.revealText() ?? hexOf(content)]),
    ),
  );
}

function hexOf(content: SecretValue): string {
  return Buffer.from(content.revealBytes() ?? []).toString('hex');
}

/** Every problem as `CODE subject: what is wrong`. */
export function complaintsOf(view: Partial<PlanView>, ...contents: readonly Content[]): readonly string[] {
  const rendered = render(view, ...contents);
  expect(JSON.stringify(rendered)).not.toContain('canary');
  if (rendered.ok) return [];
  return rendered.problem.map(({ code, subject, wrong }) => `${code} ${subject}: ${wrong}`);
}
