/** From entries of the YAML form to references, sorted by the set of containers that receives them. */
import { constantFault, jmesPathFault } from '../jmespath/index.ts';
import type { SecretArn } from '../names/arn.ts';
import { nameFrom } from '../names/env-names.ts';
import { failoverFaults } from '../names/failover.ts';
import { subjectAt } from '../names/form-subject.ts';
import { matcher } from '../names/key-patterns.ts';
import { filePathFault } from '../names/paths.ts';
import type { PlanDirectory, PlanFile, PlanVariable, PlanVariables, Selection } from '../plan/plan.ts';
import type { Findings } from '../problems/findings.ts';
import { printable, quote } from '../problems/quote.ts';
import { templateFault } from '../template/index.ts';
import { emptyGroup, type Group, type Reading } from './asked.ts';
import { checkVariableName, fileNameProblem } from './asked-names.ts';
import { type Entry, readSecretsForm } from './form/read.ts';
import type { EnvFromForm, FileForm, FilesFromForm, VariableForm } from './form/schema.ts';
import { resolveSecret, versionProblem } from './reference.ts';

/**
 * Reads the YAML form. Entries without a list of containers are added to the group of the pod's own list.
 * @returns the groups of entries that name containers
 */
export function readEntries(text: string, whole: Group, reading: Reading): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const entry of readSecretsForm(text, reading.findings)) {
    const secret = secretOf(entry, reading);
    // All problems of a pod are reported, so an entry without a valid secret is read as well.
    if (secret === undefined) new EntryReader(entry, 0, emptyGroup(undefined, entry.subject), reading).read();
    else {
      const group = entry.containers === undefined ? whole : groupOf(entry.index, entry.containers, groups);
      new EntryReader(entry, secret, group, reading).read();
    }
  }
  return [...groups.values()];
}

function groupOf(index: number, containers: readonly string[], groups: Map<string, Group>): Group {
  const names = [...new Set(containers)];
  const key = names.toSorted().join('\n');
  const group = groups.get(key) ?? emptyGroup(names, subjectAt([index, 'containers']));
  groups.set(key, group);
  return group;
}

/** The index of the entry's secret; undefined with a problem, which may have been added at the alias. */
function secretOf(entry: Entry, reading: Reading): number | undefined {
  const { aliases, secrets, arns, findings } = reading;
  const subject = subjectAt([entry.index, 'secret']);
  const { versionStage: stage, versionId } = entry;
  const version = versionProblem(stage, versionId, entry.subject);
  findings.add(version);
  const resolved = resolveSecret(entry.secret, subject, aliases);
  // The version's problem is about the same reference: one of the two is enough.
  if (version !== undefined) return undefined;
  const arn = findings.take(resolved);
  if (arn === undefined) return undefined;
  if (entry.secret.startsWith('arn:')) arns.push({ arn, subject });
  readFailover(entry, arn, reading);
  return secrets.indexOf({ arn, stage, versionId, failover: entry.failover });
}

function readFailover(
  { index, failover = [] }: Entry,
  arn: SecretArn,
  { replicas, findings }: Reading,
): void {
  const subjectOf = (place: number) => subjectAt([index, 'failover', place]);
  const faults = failoverFaults(failover, arn);
  for (const { index: place, wrong, expected } of faults)
    findings.add({ code: 'FAILOVER_INVALID', subject: subjectOf(place), wrong, expected });
  for (const [place, region] of failover.entries()) {
    const isFaulty = faults.some((fault) => fault.index === place);
    if (!isFaulty) replicas.push({ region, arn, subject: subjectOf(place) });
  }
}

/** Reads one entry into a group. */
class EntryReader {
  readonly #entry: Entry;
  readonly #source: { readonly entry: number; readonly secret: number };
  readonly #group: Group;
  readonly #reading: Reading;

  constructor(entry: Entry, secret: number, group: Group, reading: Reading) {
    this.#entry = entry;
    this.#source = { entry: entry.index, secret };
    this.#group = group;
    this.#reading = reading;
  }

  read(): void {
    const { env, envFrom, files, filesFrom } = this.#entry;
    for (const { name, subject, ...form } of env) {
      this.#checkVariable(name, subject);
      this.#group.env.push({
        name,
        ...this.#source,
        ...this.#selection(form, subject),
      } satisfies PlanVariable);
    }
    if (envFrom !== undefined) this.#expandVariables(envFrom);
    for (const { name: path, subject, ...form } of files) {
      this.#checkPath(path, subject);
      this.#group.files.push({ path, ...this.#source, ...this.#file(form, subject) } satisfies PlanFile);
    }
    if (filesFrom !== undefined) this.#expandFiles(filesFrom);
  }

  #checkVariable(name: string, subject: string): void {
    checkVariableName(name, subject, this.#reading.format, this.#reading.findings);
  }

  #checkPath(path: string, subject: string): void {
    const fault = filePathFault(path);
    if (fault !== undefined) this.#reading.findings.add(fileNameProblem(fault, path, subject));
  }

  #selection(form: VariableForm, subject: string): Omit<Selection, 'secret' | 'entry'> {
    const { key, jmesPath, decode, default: fallback } = form;
    if (jmesPath !== undefined) checkJmesPath(jmesPath, subject, this.#reading.findings);
    return {
      ...(key === undefined ? {} : { key }),
      ...(jmesPath === undefined ? {} : { jmesPath }),
      ...(decode === undefined ? {} : { decode }),
      ...optionalOf(form.optional ?? this.#entry.optional),
      ...(fallback === undefined ? {} : { default: fallback }),
    };
  }

  #file(form: FileForm, subject: string): Omit<PlanFile, 'path' | 'secret'> {
    const { mode, format, template, escape: dialect, pem } = form;
    if (template !== undefined) checkTemplate(template, dialect, subject, this.#reading.findings);
    return {
      ...this.#selection(form, subject),
      ...(mode === undefined ? {} : { mode }),
      ...(format === undefined ? {} : { format }),
      ...(template === undefined ? {} : { template }),
      ...(dialect === undefined ? {} : { escape: dialect }),
      ...(pem === undefined ? {} : { pem }),
    };
  }

  /** Keys in `include` become variables by name, so they can be native and a missing key is reported. */
  #expandVariables({ prefix, case: letterCase, include, exclude = [], onCollision }: EnvFromForm): void {
    const changeCase = letterCase === 'keep' ? undefined : letterCase;
    const optional = optionalOf(this.#entry.optional);
    if (include === undefined) {
      this.#group.envFrom.push({
        ...this.#source,
        ...optional,
        ...(prefix === undefined || prefix === '' ? {} : { prefix }),
        ...(changeCase === undefined ? {} : { case: changeCase }),
        ...(exclude.length === 0 ? {} : { exclude }),
        ...(onCollision === 'skip' ? { onCollision } : {}),
      } satisfies PlanVariables);
      return;
    }
    const isExcluded = matcher(exclude);
    for (const key of include.filter((one) => !isExcluded(one))) {
      const name = nameFrom(key, { prefix, case: changeCase });
      this.#checkVariable(name, subjectAt([this.#entry.index, 'envFrom']));
      this.#group.env.push({ name, ...this.#source, key, ...optional, onCollision: onCollision ?? 'refuse' });
    }
  }

  #expandFiles({ directory, include, exclude = [], mode, onCollision }: FilesFromForm): void {
    this.#checkPath(directory, subjectAt([this.#entry.index, 'filesFrom', 'directory']));
    this.#group.filesFrom.push({
      directory,
      ...this.#source,
      ...optionalOf(this.#entry.optional),
      ...(include === undefined ? {} : { include }),
      ...(exclude.length === 0 ? {} : { exclude }),
      ...(mode === undefined ? {} : { mode }),
      ...(onCollision === 'skip' ? { onCollision } : {}),
    } satisfies PlanDirectory);
  }
}

function optionalOf(optional: boolean | undefined): { readonly optional?: true } {
  return optional === true ? { optional } : {};
}

function checkJmesPath(expression: string, subject: string, findings: Findings): void {
  const fault = jmesPathFault(expression) ?? constantFault(expression);
  if (fault === undefined) return;
  findings.add({
    code: 'JMESPATH_INVALID',
    subject: printable(`${subject}.jmesPath`),
    wrong: `the expression ${quote(expression)} ${fault}`,
    // Many faults say what to do.
    expected: fault.includes('; ')
      ? 'correct the expression'
      : 'use an expression such as endpoints[0].host; write names that contain a hyphen in double quotes',
  });
}

function checkTemplate(
  template: string,
  dialect: FileForm['escape'],
  subject: string,
  findings: Findings,
): void {
  const fault = templateFault(template, dialect);
  if (fault === undefined) return;
  findings.add({
    code: 'TEMPLATE_INVALID',
    subject: printable(`${subject}.template`),
    wrong: `the template ${fault}`,
    expected: 'use insertions such as {{ password | json }}',
  });
}
