/** From annotations to references: names checked, references parsed, each version of a secret listed once. */
import type { Dialect } from '../formats/index.ts';
import { MAX_REFERENCES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { parseArn, type SecretArn } from '../names/arn.ts';
import { fileNameFault } from '../names/paths.ts';
import type { PlanSecret } from '../plan/plan.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { AnnotationSet, Ask } from './annotations.ts';
import {
  emptyGroup,
  type Group,
  type Reading,
  SecretTable,
  type WrittenArn,
  type WrittenReplica,
} from './asked.ts';
import { checkVariableName, fileNameProblem } from './asked-names.ts';
import { readEntries } from './entries.ts';
import { isAlias, parseReference } from './reference.ts';

export interface References {
  readonly secrets: readonly PlanSecret[];
  /** In the order of first mention; the group of the pod's own list comes first. */
  readonly groups: readonly Group[];
  readonly count: number;
  readonly arns: readonly WrittenArn[];
  readonly replicas: readonly WrittenReplica[];
}

/** Reads all references of a pod. @param format of the env file */
export function readReferences(set: AnnotationSet, format: Dialect, findings: Findings): References {
  const arns: WrittenArn[] = [];
  const aliases = readAliases(set.asks, arns, findings);
  const replicas: WrittenReplica[] = [];
  const reading: Reading = { aliases, secrets: new SecretTable(), arns, replicas, format, findings };
  const whole = emptyGroup(undefined, annotationKey('containers'));
  const wanted = set.asks.filter((ask) => ask.family !== 'secret');
  for (const ask of wanted.slice(0, MAX_REFERENCES)) readAsk(ask, whole, reading);
  // References that could not be read count as well.
  const unread = wanted.length - sizeOf(whole);
  const others = set.form === undefined ? [] : readEntries(set.form, whole, reading);
  const groups = wanted.length > 0 || sizeOf(whole) > 0 ? [whole, ...others] : others;
  const count = unread + groups.reduce((sum, group) => sum + sizeOf(group), 0);
  if (count > MAX_REFERENCES) findings.add(tooMany(count));
  return { secrets: reading.secrets.list, groups, count, arns, replicas };
}

function readAliases(
  asks: readonly Ask[],
  arns: WrittenArn[],
  findings: Findings,
): ReadonlyMap<string, SecretArn | undefined> {
  const aliases = new Map<string, SecretArn | undefined>();
  for (const ask of asks) {
    if (ask.family !== 'secret') continue;
    const subject = printable(ask.subject);
    if (!isAlias(ask.name)) findings.add(aliasInvalid(ask.name, subject));
    const arn = findings.take(parseArn(ask.text, subject));
    if (arn !== undefined) arns.push({ arn, subject });
    aliases.set(ask.name, arn);
  }
  return aliases;
}

function aliasInvalid(name: string, subject: string): Problem {
  return {
    code: 'ALIAS_INVALID',
    subject,
    wrong: `${quote(name)} is not a valid alias`,
    expected: 'use 1 to 40 lowercase letters, digits and hyphens, but not "arn"',
  };
}

function sizeOf({ env, envFrom, files, filesFrom }: Group): number {
  return env.length + envFrom.length + files.length + filesFrom.length;
}

function readAsk(ask: Ask, group: Group, reading: Reading): void {
  const { findings } = reading;
  const subject = printable(ask.subject);
  checkName(ask, reading);
  const reference = findings.take(parseReference(ask.text, subject, reading.aliases));
  if (reference === undefined) return;
  if (ask.text.startsWith('arn:')) reading.arns.push({ arn: reference.arn, subject });
  const secret = reading.secrets.indexOf(reference);
  const key = reference.key === undefined ? {} : { key: reference.key };
  switch (ask.family) {
    case 'env':
      group.env.push({ name: ask.name, secret, ...key });
      break;
    case 'file':
      group.files.push({ path: ask.name, secret, ...key });
      break;
    case 'env-from':
    case 'file-from':
      if (reference.key !== undefined) findings.add(keyOfWhole(ask));
      if (ask.family === 'env-from') group.envFrom.push({ id: ask.name, secret });
      else group.filesFrom.push({ directory: ask.name, secret });
      break;
    case 'secret':
      break;
  }
}

function checkName(ask: Ask, { format, findings }: Reading): void {
  switch (ask.family) {
    case 'env':
      checkVariableName(ask.name, ask.subject, format, findings);
      break;
    case 'env-from':
      if (ask.name === '') findings.add(fileNameProblem('is empty', ask.name, ask.subject));
      break;
    case 'file':
    case 'file-from': {
      const fault = fileNameFault(ask.name);
      if (fault !== undefined) findings.add(fileNameProblem(fault, ask.name, ask.subject));
      break;
    }
    case 'secret':
      break;
  }
}

function keyOfWhole(ask: Ask): Problem {
  return {
    code: 'REFERENCE_INVALID',
    subject: printable(ask.subject),
    wrong: `${quote(ask.text)} names one key, but ${ask.family} uses all keys of the secret`,
    expected: `remove the key, or use ${ask.family === 'env-from' ? 'env.<NAME>' : 'file.<name>'}`,
  };
}

function tooMany(count: number): Problem {
  return {
    code: 'TOO_MANY_REFERENCES',
    subject: annotationKey('env', '*'),
    wrong: `the pod requests ${count} variables and files`,
    expected: `request at most ${MAX_REFERENCES}; env-from and file-from use all keys of a secret at once`,
  };
}
