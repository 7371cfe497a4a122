/** Values into files, in memory: everything is rendered before anything is written. */
import { parentsOf } from '../names/paths.ts';
import { ENV_FILE, PROBE_FILE, PROBE_VALUE, PROBE_VARIABLE } from '../names/volume-layout.ts';
import { hasVariables, type Plan, type PlanView } from '../plan/plan.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { SecretValue } from '../secret/secret-value.ts';
import { renderEnvFile } from './env-file.ts';
import { type RenderedFile, renderFiles } from './files.ts';
import { type Engines, Values } from './values.ts';

export type { RenderedFile } from './files.ts';

export interface RenderedView {
  readonly volume: string;
  /** Directories that exist even when no file lies in them. */
  readonly directories: readonly string[];
  readonly files: readonly RenderedFile[];
}

/**
 * Renders every view of a plan.
 * @param values the values, in the order of the plan's secrets; undefined for one that is absent and may be
 * @param engines what expressions and templates need; a plan without them needs none
 * @returns the views, or every problem that a value has
 */
export function renderViews(
  plan: Plan,
  values: readonly (SecretValue | undefined)[],
  engines: Engines = {},
): readonly RenderedView[] | readonly FetchProblem[] {
  const source = new Values(plan, values, engines);
  const views = plan.views.map((view) => renderView(view, source));
  return source.problems.length > 0 ? source.problems : views;
}

/** Whether rendering came to problems. */
export function areProblems(
  rendered: readonly RenderedView[] | readonly FetchProblem[],
): rendered is readonly FetchProblem[] {
  return rendered.length > 0 && rendered.every((one) => 'code' in one);
}

function renderView(view: PlanView, values: Values): RenderedView {
  const mode = Number.parseInt(view.fileMode, 8);
  const files: RenderedFile[] = [];
  if (hasVariables(view)) files.push({ path: ENV_FILE, content: renderEnvFile(view, values), mode });
  if (view.probe === true) files.push({ path: PROBE_FILE, content: PROBE, mode });
  files.push(...renderFiles(view, values));
  return { volume: view.volume, directories: directoriesOf(view, files), files };
}

const PROBE = new SecretValue(`${PROBE_VARIABLE}='${PROBE_VALUE}'\n`);

/** Every directory on the way to a file, and those of spread secrets that may have no key. */
function directoriesOf({ filesFrom }: PlanView, files: readonly RenderedFile[]): readonly string[] {
  const paths = [...files.map((file) => file.path), ...filesFrom.map((entry) => `${entry.directory}/`)];
  return [...new Set(paths.flatMap(parentsOf))].sort();
}
