/** Entries of the YAML form into what each set of containers is to receive. */

import { jmesPathFault } from '../jmespath/index.ts';
import { parseArn } from '../names/arn.ts';
import { nameFrom } from '../names/env-names.ts';
import { subjectAt } from '../names/form-subject.ts';
import { matcher } from '../names/key-patterns.ts';
import { filePathFault } from '../names/paths.ts';
import type { PlanDirectory, PlanFile, PlanVariable, PlanVariables, Selection } from '../plan/plan.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import { templateFault } from '../template/index.ts';
import type { Group } from './asked.ts';
import { fileNameProblem, variableNameProblem } from './asked-names.ts';
import { noteIncomplete, type Reading } from './asked-secrets.ts';
import { type Entry, readSecretsForm } from './form/read.ts';
import type { EnvFromForm, FileForm, FilesFromForm, VariableForm } from './form/schema.ts';
import { resolveAlias, versionProblem } from './reference.ts';

/**
 * Reads the YAML form. Entries without containers of their own are added to the pod's.
 * @returns the groups of entries that name containers
 */
export function readEntries(text: string, whole: Group, reading: Reading): readonly Group[] {
  const { entries, problems } = readSecretsForm(text);
  reading.problems.push(...problems);
  const groups = new Map<string, Group>();
  for (const entry of entries) readEntry(entry, groupOf(entry, whole, groups), reading);
  return [...groups.values()];
}

function groupOf({ index, containers }: Entry, whole: Group, groups: Map<string, Group>): Group {
  if (containers === undefined) return whole;
  const names = [...new Set(containers)];
  const key = names.toSorted().join('\n');
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group: Group = {
    containers: names,
    subject: subjectAt([index, 'containers']),
    env: [],
    envFrom: [],
    files: [],
    filesFrom: [],
  };
  groups.set(key, group);
  return group;
}

function readEntry(entry: Entry, group: Group, reading: Reading): void {
  const secret = secretOf(entry, reading);
  if (secret === undefined) return;
  const source = { entry: entry.index, secret };
  for (const { name, subject, ...form } of entry.env) {
    complain(variableNameProblem(name, subject, reading), reading);
    group.env.push({ name, ...source, ...selectionOf(form, entry, subject, reading) } satisfies PlanVariable);
  }
  if (entry.envFrom !== undefined) spreadVariables(entry.envFrom, entry, source, group, reading);
  for (const { name: path, subject, ...form } of entry.files) {
    const fault = filePathFault(path);
    if (fault !== undefined) complain(fileNameProblem(fault, path, subject), reading);
    group.files.push({ path, ...source, ...fileOf(form, entry, subject, reading) } satisfies PlanFile);
  }
  if (entry.filesFrom !== undefined) spreadFiles(entry.filesFrom, entry, source, group, reading);
}

interface Source {
  readonly entry: number;
  readonly secret: number;
}

/** The index of the entry's secret; undefined where a problem was told, here or at the alias. */
function secretOf(entry: Entry, reading: Reading): number | undefined {
  const subject = subjectAt([entry.index, 'secret']);
  const text = entry.secret;
  const isArn = text.startsWith('arn:');
  const arn = isArn ? parseArn(text, subject) : resolveAlias(text, subject, reading.aliases);
  const { versionStage: stage, versionId } = entry;
  const version = versionProblem(stage, versionId, entry.subject);
  complain(version, reading);
  if (arn === undefined || version !== undefined) return undefined;
  if ('code' in arn) {
    reading.problems.push(arn);
    return undefined;
  }
  if (isArn) noteIncomplete(arn, subject, reading);
  return reading.secrets.indexOf({ arn, stage, versionId });
}

/** What is taken from the secret, with only those members that say something. */
function selectionOf(
  form: VariableForm,
  entry: Entry,
  subject: string,
  reading: Reading,
): Omit<Selection, 'secret' | 'entry'> {
  const { key, jmesPath, decode, default: standIn } = form;
  const fault = jmesPath === undefined ? undefined : jmesPathFault(jmesPath);
  if (jmesPath !== undefined && fault !== undefined) {
    complain(
      {
        code: 'JMESPATH_INVALID',
        subject: printable(`${subject}.jmesPath`),
        wrong: `the expression ${quote(jmesPath)} ${fault}`,
        expected:
          'write an expression such as endpoints[0].host; a name with a hyphen stands in double quotes',
      },
      reading,
    );
  }
  return {
    ...(key === undefined ? {} : { key }),
    ...(jmesPath === undefined ? {} : { jmesPath }),
    ...(decode === undefined ? {} : { decode }),
    ...optionalOf(form.optional ?? entry.optional),
    ...(standIn === undefined ? {} : { default: standIn }),
  };
}

function optionalOf(optional: boolean | undefined): { readonly optional?: true } {
  return optional === true ? { optional } : {};
}

function fileOf(
  form: FileForm,
  entry: Entry,
  subject: string,
  reading: Reading,
): Omit<PlanFile, 'path' | 'secret'> {
  const { mode, format, template, escape: dialect, pem } = form;
  const fault = template === undefined ? undefined : templateFault(template, dialect);
  if (fault !== undefined) {
    complain(
      {
        code: 'TEMPLATE_INVALID',
        subject: printable(`${subject}.template`),
        wrong: `the template ${fault}`,
        expected: 'write insertions such as {{ password | json }}',
      },
      reading,
    );
  }
  return {
    ...selectionOf(form, entry, subject, reading),
    ...(mode === undefined ? {} : { mode }),
    ...(format === undefined ? {} : { format }),
    ...(template === undefined ? {} : { template }),
    ...(dialect === undefined ? {} : { escape: dialect }),
    ...(pem === undefined ? {} : { pem }),
  };
}

/** Keys that are listed become variables by name: they can be native, and one that is missing is told. */
function spreadVariables(
  form: EnvFromForm,
  entry: Entry,
  source: Source,
  group: Group,
  reading: Reading,
): void {
  const { prefix, include, exclude = [], onCollision } = form;
  const letters = form.case === 'keep' ? undefined : form.case;
  const optional = optionalOf(entry.optional);
  if (include === undefined) {
    group.envFrom.push({
      ...source,
      ...optional,
      ...(prefix === undefined || prefix === '' ? {} : { prefix }),
      ...(letters === undefined ? {} : { case: letters }),
      ...(exclude.length === 0 ? {} : { exclude }),
      ...(onCollision === 'skip' ? { onCollision } : {}),
    } satisfies PlanVariables);
    return;
  }
  const isExcluded = matcher(exclude);
  for (const key of include.filter((one) => !isExcluded(one))) {
    const name = nameFrom(key, { prefix, case: letters });
    if (onCollision === 'skip' && group.env.some((variable) => variable.name === name)) continue;
    complain(variableNameProblem(name, subjectAt([entry.index, 'envFrom']), reading), reading);
    group.env.push({ name, ...source, key, ...optional });
  }
}

function spreadFiles(
  form: FilesFromForm,
  entry: Entry,
  source: Source,
  group: Group,
  reading: Reading,
): void {
  const { directory, include, exclude = [], mode, onCollision } = form;
  const fault = filePathFault(directory);
  if (fault !== undefined)
    complain(fileNameProblem(fault, directory, subjectAt([entry.index, 'filesFrom', 'directory'])), reading);
  group.filesFrom.push({
    directory,
    ...source,
    ...optionalOf(entry.optional),
    ...(include === undefined ? {} : { include }),
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(mode === undefined ? {} : { mode }),
    ...(onCollision === 'skip' ? { onCollision } : {}),
  } satisfies PlanDirectory);
}

function complain(problem: Problem | undefined, { problems }: Reading): void {
  if (problem !== undefined) problems.push(problem);
}
