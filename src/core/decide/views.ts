/**
 * Views: what one set of containers may see. Containers that are given the same share a volume, others get a
 * volume of their own, so no container mounts what it was not given.
 */

import type { Group } from '../annotations/asked.ts';
import { FORMAT_REPRESENTATIONS, MAX_VIEWS } from '../limits.ts';
import { annotationKey, FORM } from '../names/annotation-keys.ts';
import { parentsOf } from '../names/paths.ts';
import type { PlanDirectory, PlanFile, PlanVariable, PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';

export type Contents = Pick<PlanView, 'env' | 'envFrom' | 'files' | 'filesFrom'>;

/** A view before the plan is made: who receives it, and what is in it. */
export interface View {
  readonly volume: string;
  readonly containers: readonly Container[];
  readonly contents: Contents;
}

const FIRST_VOLUME = 'aws-secrets';

/**
 * Sorts containers by what they are given. Names follow from the annotations alone, so that a second pass finds the
 * same: the containers of the pod's own list come first, others as they are first mentioned.
 * @param receiving the containers of each group
 */
export function viewsOf(
  groups: readonly Group[],
  receiving: readonly (readonly Container[])[],
  problems: Problem[],
): readonly View[] {
  const [only, ...others] = groups;
  if (only !== undefined && others.length === 0)
    return [{ volume: FIRST_VOLUME, containers: receiving[0] ?? [], contents: checked(only, problems) }];
  const given = new Map<Container, number[]>();
  for (const [index, containers] of receiving.entries()) {
    for (const container of containers) given.set(container, [...(given.get(container) ?? []), index]);
  }
  const sets = new Map<string, { readonly indices: readonly number[]; readonly containers: Container[] }>();
  for (const [container, indices] of inOrderOfMention(groups, given)) {
    const key = indices.join();
    const known = sets.get(key);
    if (known === undefined) sets.set(key, { indices, containers: [container] });
    else known.containers.push(container);
  }
  if (sets.size > MAX_VIEWS) problems.push(tooManyViews(sets.size));
  return [...sets.values()].map(({ indices, containers }, number) => ({
    volume: number === 0 ? FIRST_VOLUME : `${FIRST_VOLUME}-${number}`,
    containers,
    contents: checked(merged(groups.filter((_group, index) => indices.includes(index))), problems),
  }));
}

/** Containers that no entry names first, in the pod's order, then the others in the order of their mention. */
function inOrderOfMention(
  groups: readonly Group[],
  given: ReadonlyMap<Container, readonly number[]>,
): readonly (readonly [Container, readonly number[]])[] {
  const mentioned = groups.flatMap((group) => group.containers ?? []);
  const place = (container: Container) => mentioned.indexOf(container.name);
  return [...given].sort(([one], [other]) => place(one) - place(other));
}

function tooManyViews(count: number): Problem {
  return {
    code: 'TOO_MANY_VIEWS',
    subject: annotationKey(FORM),
    wrong: `the containers are given ${count} different sets of secrets`,
    expected: `give them at most ${MAX_VIEWS}`,
  };
}

function merged(groups: readonly Group[]): Contents {
  return {
    env: groups.flatMap((group) => group.env),
    envFrom: groups.flatMap((group) => group.envFrom),
    files: groups.flatMap((group) => group.files),
    filesFrom: groups.flatMap((group) => group.filesFrom),
  };
}

/** Names that are given twice within a view are problems: which one wins would depend on the order. */
function checked(contents: Contents, problems: Problem[]): Contents {
  checkVariables(contents.env, problems);
  checkPaths(contents.files, contents.filesFrom, problems);
  const { env, envFrom, files, filesFrom } = contents;
  return { env, envFrom, files, filesFrom };
}

function checkVariables(env: readonly PlanVariable[], problems: Problem[]): void {
  const byName = new Map<string, PlanVariable>();
  for (const variable of env) {
    const earlier = byName.get(variable.name);
    if (earlier === undefined) byName.set(variable.name, variable);
    else {
      problems.push({
        code: 'ENV_NAME_CONFLICT',
        subject: printable(subjectOf.env(variable)),
        wrong: `the variable ${quote(variable.name)} is also asked for by ${printable(subjectOf.env(earlier))}`,
        expected: 'keep one of the two',
      });
    }
  }
}

/** A path may be asked for once, and be a file or a directory, not both. */
function checkPaths(
  files: readonly PlanFile[],
  directories: readonly PlanDirectory[],
  problems: Problem[],
): void {
  if (files.length + directories.length < 2) return;
  const taken = new Map<string, string>();
  const parents = new Map<string, string>();
  for (const { directory, ...entry } of directories) {
    const subject = subjectOf.filesFrom({ directory, ...entry });
    if (taken.has(directory)) problems.push(pathTwice(directory, subject, taken.get(directory) ?? ''));
    taken.set(directory, subject);
    for (const parent of parentsOf(directory)) parents.set(parent, subject);
  }
  const ofDirectories = new Set(directories.map((entry) => entry.directory));
  for (const file of files) {
    const subject = subjectOf.files(file);
    const other = taken.get(file.path);
    if (other !== undefined) problems.push(pathTwice(file.path, subject, other));
    else taken.set(file.path, subject);
    for (const parent of parentsOf(file.path)) parents.set(parent, subject);
  }
  for (const [path, subject] of taken) {
    const below = parents.get(path);
    if (below !== undefined && !ofDirectories.has(path)) problems.push(pathTwice(path, subject, below));
  }
}

function pathTwice(path: string, subject: string, other: string): Problem {
  return {
    code: 'FILE_NAME_CONFLICT',
    subject: printable(subject),
    wrong: `${quote(path)} is also asked for, as a file or a directory, by ${printable(other)}`,
    expected: 'give one of them another name',
  };
}

/**
 * How many secrets' worth of bytes a view holds at most: every key of a spread secret shares that secret's size, and a
 * secret in another format takes several.
 */
export function representations({ env, envFrom, files, filesFrom }: Contents): number {
  const converted = files.filter((file) => file.format !== undefined).length;
  return (
    env.length + envFrom.length + files.length + filesFrom.length + converted * (FORMAT_REPRESENTATIONS - 1)
  );
}
