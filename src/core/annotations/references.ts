/** From what was asked for to the contents of a plan: names checked, references parsed, secrets listed once. */

import type { Dialect } from '../formats/index.ts';
import { MAX_REFERENCES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { fileNameFault } from '../names/paths.ts';
import type { PlanSecret } from '../plan/plan.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';
import type { AnnotationSet, Ask } from './annotations.ts';
import type { Group } from './asked.ts';
import { fileNameProblem, variableNameProblem } from './asked-names.ts';
import { noteIncomplete, type Reading, startReading } from './asked-secrets.ts';
import { readEntries } from './entries.ts';
import { parseReference } from './reference.ts';

export interface References {
  readonly secrets: readonly PlanSecret[];
  /** In the order of first mention; the pod's own list comes first. */
  readonly groups: readonly Group[];
  readonly count: number;
}

/** Reads everything that is asked for. Problems and warnings are added to the lists given. */
export function readReferences(
  set: AnnotationSet,
  settings: InjectionSettings,
  format: Dialect,
  problems: Problem[],
  warnings: string[],
): References {
  const reading = startReading(set.asks, settings, format, problems, warnings);
  const whole: Group = {
    containers: undefined,
    subject: annotationKey('containers'),
    env: [],
    envFrom: [],
    files: [],
    filesFrom: [],
  };
  const wanted = set.asks.filter((ask) => ask.family !== 'secret');
  for (const ask of wanted.slice(0, MAX_REFERENCES)) readAsk(ask, whole, reading);
  // One that could not be read is counted too.
  const unread = wanted.length - sizeOf(whole);
  const others = set.form === undefined ? [] : readEntries(set.form, whole, reading);
  const groups = wanted.length > 0 || sizeOf(whole) > 0 ? [whole, ...others] : others;
  const count = unread + groups.reduce((sum, group) => sum + sizeOf(group), 0);
  if (count > MAX_REFERENCES) problems.push(tooMany(count));
  return { secrets: reading.secrets.list, groups, count };
}

function sizeOf({ env, envFrom, files, filesFrom }: Group): number {
  return env.length + envFrom.length + files.length + filesFrom.length;
}

function readAsk(ask: Ask, group: Group, reading: Reading): void {
  const subject = printable(ask.subject);
  const nameProblem = nameProblemOf(ask, reading);
  if (nameProblem !== undefined) reading.problems.push(nameProblem);
  const reference = parseReference(ask.text, subject, reading.aliases);
  if (reference === undefined) return;
  if ('code' in reference) {
    reading.problems.push(reference);
    return;
  }
  if (ask.text.startsWith('arn:')) noteIncomplete(reference.arn, subject, reading);
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
      if (reference.key !== undefined) reading.problems.push(keyOfWhole(ask));
      if (ask.family === 'env-from') group.envFrom.push({ id: ask.name, secret });
      else group.filesFrom.push({ directory: ask.name, secret });
      break;
    case 'secret':
      break;
  }
}

function nameProblemOf(ask: Ask, reading: Reading): Problem | undefined {
  switch (ask.family) {
    case 'env':
      return variableNameProblem(ask.name, ask.subject, reading);
    case 'env-from':
      return ask.name === '' ? fileNameProblem('is empty', ask.name, ask.subject) : undefined;
    case 'file':
    case 'file-from': {
      const fault = fileNameFault(ask.name);
      return fault === undefined ? undefined : fileNameProblem(fault, ask.name, ask.subject);
    }
    case 'secret':
      return undefined;
  }
}

function keyOfWhole(ask: Ask): Problem {
  return {
    code: 'REFERENCE_INVALID',
    subject: printable(ask.subject),
    wrong: `${quote(ask.text)} names one key, but ${ask.family} takes every key of the secret`,
    expected: `leave the key out, or use ${ask.family === 'env-from' ? 'env.<NAME>' : 'file.<name>'}`,
  };
}

function tooMany(count: number): Problem {
  return {
    code: 'TOO_MANY_REFERENCES',
    subject: annotationKey('env', '*'),
    wrong: `the pod asks for ${count} things`,
    expected: `ask for at most ${MAX_REFERENCES}; env-from and file-from take every key of a secret at once`,
  };
}
