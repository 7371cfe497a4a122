/** Renders values into files in memory. Everything is rendered before anything is written. */
import { parentsOf } from '../names/paths.ts';
import { ENV_FILE, PROBE_FILE, PROBE_VALUE, PROBE_VARIABLE } from '../names/volume-layout.ts';
import { hasVariables, type Plan, type PlanView, referencesOf } from '../plan/plan.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { SecretValue } from '../secret/secret-value.ts';
import { renderEnvFile } from './env-file.ts';
import { type RenderedFile, renderFiles } from './files.ts';
import { type DeliveredKeys, type Engines, Values } from './values.ts';

export type { RenderedFile } from './files.ts';

export interface RenderedView {
  readonly volume: string;
  /** All directories, including those without a file. */
  readonly directories: readonly string[];
  readonly files: readonly RenderedFile[];
  /** Set if the view has a manifest file, which the caller writes: what it lists. */
  readonly manifest?: ViewManifest;
}

/** What the manifest file of a view lists, besides the versions of the secrets. */
export interface ViewManifest {
  /** The secrets of the view, in the order of the plan. */
  readonly secrets: readonly number[];
  /** The keys that the view received by their names. Whole values and results of expressions have none. */
  readonly keys: DeliveredKeys;
  readonly mode: number;
}

/**
 * Renders every view of a plan.
 * @param values in the order of the plan's secrets; undefined for a missing optional secret
 * @param engines for expressions and templates; not needed for plans without them
 * @returns the views, or all problems of the values
 */
export function renderViews(
  plan: Plan,
  values: readonly (SecretValue | undefined)[],
  engines: Engines = {},
): Result<readonly RenderedView[], readonly FetchProblem[]> {
  const source = new Values(plan, values, engines);
  const views = plan.views.map((view) => renderView(view, source));
  return source.findings.isClean ? ok(views) : failed(source.findings.problems);
}

function renderView(view: PlanView, values: Values): RenderedView {
  const mode = Number.parseInt(view.fileMode, 8);
  const files: RenderedFile[] = [];
  if (hasVariables(view)) files.push({ path: ENV_FILE, content: renderEnvFile(view, values), mode });
  if (view.probe === true) files.push({ path: PROBE_FILE, content: PROBE, mode });
  files.push(...renderFiles(view, values));
  const rendered = { volume: view.volume, directories: directoriesOf(view, files), files };
  const keys = values.takeDelivered();
  if (view.manifest !== true) return rendered;
  const secrets = new Set(referencesOf(view).map(({ secret }) => secret));
  return { ...rendered, manifest: { secrets: [...secrets].sort((a, b) => a - b), keys, mode } };
}

const PROBE = new SecretValue(`${PROBE_VARIABLE}='${PROBE_VALUE}'\n`);

/** The parent directories of all files, and the directories of expanded secrets, which may have no keys. */
function directoriesOf({ filesFrom }: PlanView, files: readonly RenderedFile[]): readonly string[] {
  const paths = [...files.map((file) => file.path), ...filesFrom.map((entry) => `${entry.directory}/`)];
  return [...new Set(paths.flatMap(parentsOf))].sort();
}
