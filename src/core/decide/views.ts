/**
 * Views: what one set of containers may see. Containers with the same set of secrets share a volume; other sets have
 * volumes of their own, so that no container mounts secrets that it does not receive.
 */

import type { AskedVariable, Group } from '../annotations/asked.ts';
import { FORMAT_REPRESENTATIONS, MAX_VIEWS } from '../limits.ts';
import { annotationKey, FORM } from '../names/annotation-keys.ts';
import { parentsOf } from '../names/paths.ts';
import { FIRST_VOLUME } from '../names/volume-layout.ts';
import type { PlanDirectory, PlanFile, PlanVariable, PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';

export type Contents = Pick<PlanView, 'env' | 'envFrom' | 'files' | 'filesFrom'>;

/** A view before the plan is made: its receiving containers and its contents. */
export interface View {
  readonly volume: string;
  readonly containers: readonly Container[];
  readonly contents: Contents;
}

/**
 * Sorts containers by the set of secrets that they receive. The names of views depend on the annotations only, so that a
 * second pass finds the same views: the pod's own list comes first, then containers in the order of first mention.
 * @param receiving the containers of each group
 */
export function viewsOf(
  groups: readonly Group[],
  receiving: readonly (readonly Container[])[],
  findings: Findings,
): readonly View[] {
  const [only, ...others] = groups;
  if (only !== undefined && others.length === 0)
    return [{ volume: FIRST_VOLUME, containers: receiving[0] ?? [], contents: checked(only, findings) }];
  const given = new Map<Container, number[]>();
  for (const [index, containers] of receiving.entries()) {
    for (const container of containers) {
      const indices = given.get(container);
      if (indices === undefined) given.set(container, [index]);
      else indices.push(index);
    }
  }
  const sets = new Map<string, { readonly indices: readonly number[]; readonly containers: Container[] }>();
  for (const [container, indices] of inOrderOfMention(groups, given)) {
    const key = indices.join();
    const known = sets.get(key);
    if (known === undefined) sets.set(key, { indices, containers: [container] });
    else known.containers.push(container);
  }
  if (sets.size > MAX_VIEWS) findings.add(tooManyViews(sets.size));
  return [...sets.values()].slice(0, MAX_VIEWS).map(({ indices, containers }, number) => ({
    volume: number === 0 ? FIRST_VOLUME : `${FIRST_VOLUME}-${number}`,
    containers,
    contents: checked(merged(groups.filter((_group, index) => indices.includes(index))), findings),
  }));
}

/** First the containers that no entry names, in the pod's order, then the others in the order of first mention. */
function inOrderOfMention(
  groups: readonly Group[],
  given: ReadonlyMap<Container, readonly number[]>,
): readonly (readonly [Container, readonly number[]])[] {
  const places = new Map<string, number>();
  for (const { containers = [] } of groups) {
    for (const name of containers) if (!places.has(name)) places.set(name, places.size);
  }
  const place = (container: Container) => places.get(container.name) ?? -1;
  return [...given].sort(([one], [other]) => place(one) - place(other));
}

function tooManyViews(count: number): Problem {
  return {
    code: 'TOO_MANY_VIEWS',
    subject: annotationKey(FORM),
    wrong: `the containers receive ${count} different sets of secrets`,
    expected: `use at most ${MAX_VIEWS} different sets`,
  };
}

type Asked = Pick<Group, 'env' | 'envFrom' | 'files' | 'filesFrom'>;

function merged(groups: readonly Group[]): Asked {
  return {
    env: groups.flatMap((group) => group.env),
    envFrom: groups.flatMap((group) => group.envFrom),
    files: groups.flatMap((group) => group.files),
    filesFrom: groups.flatMap((group) => group.filesFrom),
  };
}

/** Checks that no name occurs twice in a view: the result would depend on the order. */
function checked({ env, envFrom, files, filesFrom }: Asked, findings: Findings): Contents {
  const variables = variablesOf(env, findings);
  checkPaths(files, filesFrom, findings);
  return { env: variables, envFrom, files, filesFrom };
}

/**
 * Each variable once. A variable in `env` takes precedence over a key of `envFrom`, as in Kubernetes; two keys with one
 * name follow the collision policy of the later one.
 */
function variablesOf(env: readonly AskedVariable[], findings: Findings): readonly PlanVariable[] {
  const named = new Set<string>();
  for (const { name, onCollision } of env) if (onCollision === undefined) named.add(name);
  const byName = new Map<string, AskedVariable>();
  for (const asked of env) {
    const { name, onCollision } = asked;
    if (onCollision !== undefined && named.has(name)) continue;
    const earlier = byName.get(name);
    if (earlier === undefined) byName.set(name, asked);
    else if (onCollision !== 'skip') findings.add(nameConflict(asked, earlier));
  }
  return [...byName.values()].map(({ onCollision: _, ...variable }) => variable);
}

function nameConflict(variable: AskedVariable, earlier: AskedVariable): Problem {
  return {
    code: 'ENV_NAME_CONFLICT',
    subject: printable(subjectOfVariable(variable)),
    wrong: `${printable(subjectOfVariable(earlier))} already requests the variable ${quote(variable.name)}`,
    expected: `remove one of the two${variable.onCollision === undefined ? '' : ', or set onCollision to skip'}`,
  };
}

function subjectOfVariable({ onCollision, ...variable }: AskedVariable): string {
  return onCollision === undefined ? subjectOf.env(variable) : subjectOf.envFrom(variable);
}

/** Checks that a path is requested once, and not both as a file and as a directory. */
function checkPaths(
  files: readonly PlanFile[],
  directories: readonly PlanDirectory[],
  findings: Findings,
): void {
  if (files.length + directories.length < 2) return;
  const taken = new Map<string, string>();
  const parents = new Map<string, string>();
  for (const { directory, ...entry } of directories) {
    const subject = subjectOf.filesFrom({ directory, ...entry });
    if (taken.has(directory)) findings.add(pathTwice(directory, subject, taken.get(directory) ?? ''));
    taken.set(directory, subject);
    for (const parent of parentsOf(directory)) parents.set(parent, subject);
  }
  const ofDirectories = new Set(directories.map((entry) => entry.directory));
  for (const file of files) {
    const subject = subjectOf.files(file);
    const other = taken.get(file.path);
    if (other !== undefined) findings.add(pathTwice(file.path, subject, other));
    else taken.set(file.path, subject);
    for (const parent of parentsOf(file.path)) parents.set(parent, subject);
  }
  for (const [path, subject] of taken) {
    const below = parents.get(path);
    if (below !== undefined && !ofDirectories.has(path)) findings.add(pathTwice(path, subject, below));
  }
}

function pathTwice(path: string, subject: string, other: string): Problem {
  return {
    code: 'FILE_NAME_CONFLICT',
    subject: printable(subject),
    wrong: `${printable(other)} already requests ${quote(path)} as a file or directory`,
    expected: 'rename one of the two',
  };
}

/**
 * The size of a view in secrets: all keys of one secret together are at most as large as the secret, and a secret in
 * another format counts several times.
 */
export function representations({ env, envFrom, files, filesFrom }: Contents): number {
  const converted = files.filter((file) => file.format !== undefined).length;
  return (
    env.length + envFrom.length + files.length + filesFrom.length + converted * (FORMAT_REPRESENTATIONS - 1)
  );
}
