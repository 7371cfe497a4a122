/** The annotation that an entry of the plan comes from, for messages. */
import { annotationKey } from '../names/annotation-keys.ts';
import { subjectAt } from '../names/form-subject.ts';
import type { Plan, PlanDirectory, PlanFile, PlanVariable, PlanVariables } from './plan.ts';

export const subjectOf = {
  env: ({ entry, name }: PlanVariable): string =>
    entry === undefined ? annotationKey('env', name) : subjectAt([entry, 'env', name]),
  envFrom: ({ entry, id }: PlanVariables): string =>
    entry === undefined ? annotationKey('env-from', id ?? '') : subjectAt([entry, 'envFrom']),
  files: ({ entry, path }: PlanFile): string =>
    entry === undefined ? annotationKey('file', path) : subjectAt([entry, 'files', path]),
  filesFrom: ({ entry, directory }: PlanDirectory): string =>
    entry === undefined ? annotationKey('file-from', directory) : subjectAt([entry, 'filesFrom']),
};

/** The annotations that use a secret of the plan, each once. */
export function subjectsOfSecret(plan: Plan, secret: number): readonly string[] {
  const subjects = new Set<string>();
  for (const view of plan.views) {
    for (const entry of view.env) if (entry.secret === secret) subjects.add(subjectOf.env(entry));
    for (const entry of view.envFrom) if (entry.secret === secret) subjects.add(subjectOf.envFrom(entry));
    for (const entry of view.files) if (entry.secret === secret) subjects.add(subjectOf.files(entry));
    for (const entry of view.filesFrom) if (entry.secret === secret) subjects.add(subjectOf.filesFrom(entry));
  }
  return [...subjects];
}
