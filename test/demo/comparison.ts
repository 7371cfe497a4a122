/** What the files and variables must hold, worked out from the stand-in alone and not from the product's code. */
import type { Plan, PlanView } from '../../src/core/plan.ts';
import { hashOf, type SeenVariable } from './application.ts';
import type { SecretContents } from './stand-in-secrets.ts';

export interface Expected {
  readonly variables: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, string>;
}

/** Everything that a view must give to the application, by name. */
export function expectedOf(plan: Plan, view: PlanView, contents: SecretContents): Expected {
  const members = (secret: number) => contents[secret] ?? {};
  const text = (entry: { secret: number; key?: string }) =>
    entry.key === undefined
      ? JSON.stringify(members(entry.secret))
      : (members(entry.secret)[entry.key] ?? '');
  const variables = new Map<string, string>();
  const files = new Map<string, string>();
  for (const entry of view.env) variables.set(entry.name, text(entry));
  for (const entry of view.envFrom)
    for (const [name, value] of Object.entries(members(entry.secret))) variables.set(name, value);
  for (const entry of view.files) files.set(entry.path, text(entry));
  for (const entry of view.filesFrom) {
    for (const [name, value] of Object.entries(members(entry.secret)))
      files.set(`${entry.directory}/${name}`, value);
  }
  if (plan.secrets.length === 0) throw new Error('the plan asks for nothing');
  return { variables, files };
}

/** Differences, named but never shown. @returns one line for each; none when all is as it must be */
export function differences(
  expected: Expected,
  seen: readonly SeenVariable[],
  readFile: (path: string) => Buffer,
): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of expected.variables) {
    const one = seen.find((variable) => variable.name === name);
    if (one === undefined) found.push(`variable ${name} did not arrive`);
    else if (one.hash !== hashOf(value)) found.push(`variable ${name} is not what the stand-in holds`);
  }
  for (const one of seen)
    if (!expected.variables.has(one.name)) found.push(`variable ${one.name} was not asked for`);
  for (const [path, value] of expected.files) {
    if (!readFile(path).equals(Buffer.from(value))) found.push(`file ${path} is not what the stand-in holds`);
  }
  return found;
}
