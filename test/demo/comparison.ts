/**
 * What the files and variables must hold. The core renders what the stand-in holds, variables as JSON, so that everything
 * between the two is compared: webhook, plan, AWS, fetcher, disk, and what reads the env file.
 */
import { selectByJmesPath } from '../../src/core/jmespath/index.ts';
import { ENV_FILE } from '../../src/core/names/volume-layout.ts';
import type { Plan, PlanView } from '../../src/core/plan/plan.ts';
import { formatProblems } from '../../src/core/problems/problems.ts';
import { type RenderedView, renderViews } from '../../src/core/render/render.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { renderTemplate } from '../../src/core/template/index.ts';
import { hashOf, type SeenVariable } from './application.ts';
import type { SecretContents } from './stand-in-secrets.ts';

export interface Expected {
  readonly variables: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, Buffer>;
  /** The file of variables, for those who read it themselves. */
  readonly envFile: Buffer | undefined;
}

/** Everything that a view must give to the application, by name. */
export function expectedOf(plan: Plan, view: PlanView, contents: SecretContents): Expected {
  const asJson = filesOf(
    plan,
    { ...view, format: 'json', receivers: { native: [], shell: [], file: [] } },
    contents,
  );
  const files = filesOf(plan, view, contents);
  const envFile = files.get(ENV_FILE);
  files.delete(ENV_FILE);
  const variables = JSON.parse(asJson.get(ENV_FILE)?.toString() ?? '{}') as Record<string, string>;
  return { variables: new Map(Object.entries(variables)), files, envFile };
}

function filesOf(plan: Plan, view: PlanView, contents: SecretContents): Map<string, Buffer> {
  const values = contents.map((content) => new SecretValue(content));
  const rendered = renderViews({ ...plan, views: [view] }, values, { selectByJmesPath, renderTemplate });
  if (!rendered.ok) throw new Error(formatProblems(rendered.problem));
  const bytes = ({ files }: RenderedView) =>
    files.map(({ path, content }) => [path, Buffer.from(content.revealBytes() ?? [])] as const);
  return new Map(rendered.value.flatMap(bytes));
}

/** Differences, named but never shown. @returns one line for each; none when all is as it must be */
export function differences(
  variables: Expected['variables'],
  files: Expected['files'],
  seen: readonly SeenVariable[],
  readFile: (path: string) => Buffer,
): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of variables) {
    const one = seen.find((variable) => variable.name === name);
    if (one === undefined) found.push(`variable ${name} is missing`);
    else if (one.hash !== hashOf(value)) found.push(`variable ${name} differs from the secret`);
  }
  for (const one of seen) if (!variables.has(one.name)) found.push(`variable ${one.name} was not requested`);
  for (const [path, content] of files) {
    if (!readFile(path).equals(content)) found.push(`file ${path} differs from the secret`);
  }
  return found;
}
