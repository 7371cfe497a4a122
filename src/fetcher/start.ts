/** What a run starts with, read once: a plan with 500 references takes milliseconds to read. */
import { type ReadPlan, readPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import type { Result } from '../core/problems/result.ts';
import { readRoot } from '../runtime/root.ts';
import { type Environment, readEnvironment } from './process/environment.ts';

export interface Start {
  readonly root: string;
  readonly environment: Environment;
  readonly plan: Result<ReadPlan, FetchProblem>;
}

/** @returns undefined if the arguments are not valid */
export function readStart(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Start | undefined {
  const root = readRoot(argv);
  if (root === undefined) return undefined;
  const environment = readEnvironment(variables, root);
  return { root, environment, plan: readPlan(environment.planText) };
}
