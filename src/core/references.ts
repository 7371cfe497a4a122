/** From what was asked for to the contents of a plan: names checked, references parsed, secrets listed once. */
import { type AnnotationSet, type Ask, annotationKey } from './annotations.ts';
import { parseArn, type SecretArn } from './arn.ts';
import { isEnvName, isShellOwned, isSteering } from './env-names.ts';
import { fileNameFault } from './paths.ts';
import {
  MAX_REFERENCES,
  type PlanDirectory,
  type PlanFile,
  type PlanSecret,
  type PlanVariable,
  type PlanVariables,
} from './plan.ts';
import type { Problem } from './problems.ts';
import { printable, quote } from './quote.ts';
import { isAlias, parseReference, type Reference } from './reference.ts';
import type { InjectionSettings } from './settings.ts';

export interface References {
  readonly secrets: readonly PlanSecret[];
  readonly env: readonly PlanVariable[];
  readonly envFrom: readonly PlanVariables[];
  readonly files: readonly PlanFile[];
  readonly filesFrom: readonly PlanDirectory[];
  readonly count: number;
}

/** Reads everything that is asked for. Problems and warnings are added to the lists given. */
export function readReferences(
  set: AnnotationSet,
  settings: InjectionSettings,
  problems: Problem[],
  warnings: string[],
): References {
  const aliases = readAliases(set.asks, settings, problems, warnings);
  const secrets = new SecretTable();
  const env: PlanVariable[] = [];
  const envFrom: PlanVariables[] = [];
  const files: PlanFile[] = [];
  const filesFrom: PlanDirectory[] = [];
  const wanted = set.asks.filter((ask) => ask.family !== 'secret');
  if (wanted.length > MAX_REFERENCES) problems.push(tooMany(wanted.length));
  for (const ask of wanted.slice(0, MAX_REFERENCES)) {
    const nameProblem = nameProblemOf(ask, warnings);
    if (nameProblem !== undefined) problems.push(nameProblem);
    const reference = parseReference(ask.text, printable(ask.subject), aliases);
    if (reference === undefined) continue;
    if ('code' in reference) {
      problems.push(reference);
      continue;
    }
    if (ask.text.startsWith('arn:')) noteIncomplete(reference.arn, ask.subject, settings, problems, warnings);
    const secret = secrets.indexOf(reference);
    const key = reference.key === undefined ? {} : { key: reference.key };
    switch (ask.family) {
      case 'env':
        env.push({ name: ask.name, secret, ...key });
        break;
      case 'file':
        files.push({ path: ask.name, secret, ...key });
        break;
      case 'env-from':
      case 'file-from':
        if (reference.key !== undefined) problems.push(keyOfWhole(ask));
        if (ask.family === 'env-from') envFrom.push({ id: ask.name, secret });
        else filesFrom.push({ directory: ask.name, secret });
        break;
      case 'secret':
        break;
    }
  }
  const directories = new Set(filesFrom.map((entry) => entry.directory));
  for (const file of files) if (directories.has(file.path)) problems.push(sameName(file.path));
  return { secrets: secrets.list, env, envFrom, files, filesFrom, count: wanted.length };
}

/** Versions of secrets, each listed once in the order of first mention. */
class SecretTable {
  readonly list: PlanSecret[] = [];
  readonly #byIdentity = new Map<string, number>();

  indexOf(reference: Reference): number {
    const { arn, stage, versionId } = reference;
    const identity = `${arn.text}\n${stage ?? ''}\n${versionId ?? ''}`;
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) return known;
    this.#byIdentity.set(identity, this.list.length);
    this.list.push({
      arn: arn.text,
      ...(stage === undefined ? {} : { stage }),
      ...(versionId === undefined ? {} : { versionId }),
    });
    return this.list.length - 1;
  }
}

function readAliases(
  asks: readonly Ask[],
  settings: InjectionSettings,
  problems: Problem[],
  warnings: string[],
): ReadonlyMap<string, SecretArn | undefined> {
  const aliases = new Map<string, SecretArn | undefined>();
  for (const ask of asks) {
    if (ask.family !== 'secret') continue;
    const subject = printable(ask.subject);
    if (!isAlias(ask.name)) {
      problems.push({
        code: 'ALIAS_INVALID',
        subject,
        wrong: `${quote(ask.name)} cannot name a secret`,
        expected: 'use 1 to 40 lower-case letters, digits and hyphens, not "arn"',
      });
    }
    const arn = parseArn(ask.text, subject);
    const failed = 'code' in arn;
    if (failed) problems.push(arn);
    else noteIncomplete(arn, ask.subject, settings, problems, warnings);
    aliases.set(ask.name, failed ? undefined : arn);
  }
  return aliases;
}

function noteIncomplete(
  arn: SecretArn,
  subject: string,
  settings: InjectionSettings,
  problems: Problem[],
  warnings: string[],
): void {
  if (arn.suffix !== undefined) return;
  if (settings.requireCompleteArns === true) {
    problems.push({
      code: 'ARN_INCOMPLETE',
      subject: printable(subject),
      wrong: `${quote(arn.text)} lacks the six characters at its end, which the operator's policy asks for`,
      expected: 'write the complete ARN, as aws secretsmanager describe-secret prints it',
    });
  } else {
    warnings.push(warning(`${subject}: the ARN has no suffix; it follows whoever re-creates the name`));
  }
}

function nameProblemOf(ask: Ask, warnings: string[]): Problem | undefined {
  const subject = printable(ask.subject);
  switch (ask.family) {
    case 'env':
      if (!isEnvName(ask.name)) {
        return {
          code: 'ENV_NAME_INVALID',
          subject,
          wrong: `${quote(ask.name)} cannot be a variable's name`,
          expected: 'use letters, digits and "_", not starting with a digit, at most 128',
        };
      }
      if (isShellOwned(ask.name)) {
        return {
          code: 'ENV_NAME_RESERVED',
          subject,
          wrong: `shells keep ${quote(ask.name)} for themselves and would refuse or alter the value`,
          expected: 'choose another name',
        };
      }
      if (isSteering(ask.name))
        warnings.push(warning(`${ask.subject}: this variable changes how programs run`));
      return undefined;
    case 'env-from':
      return ask.name === '' ? fileProblem('is empty', ask.name, subject) : undefined;
    case 'file':
    case 'file-from': {
      const fault = fileNameFault(ask.name);
      return fault === undefined ? undefined : fileProblem(fault, ask.name, subject);
    }
    case 'secret':
      return undefined;
  }
}

function fileProblem(fault: string, name: string, subject: string): Problem {
  return {
    code: 'FILE_NAME_INVALID',
    subject,
    wrong: `the name ${quote(name)} ${fault}`,
    expected: 'use a plain name such as tls.key',
  };
}

function keyOfWhole(ask: Ask): Problem {
  return {
    code: 'REFERENCE_INVALID',
    subject: printable(ask.subject),
    wrong: `${quote(ask.text)} names one key, but ${ask.family} takes every key of the secret`,
    expected: `leave the key out, or use ${ask.family === 'env-from' ? 'env.<NAME>' : 'file.<name>'}`,
  };
}

function sameName(name: string): Problem {
  return {
    code: 'FILE_NAME_CONFLICT',
    subject: annotationKey('file', name),
    wrong: `${quote(name)} is asked for as a file and, by ${annotationKey('file-from', name)}, as a directory`,
    expected: 'give one of them another name',
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

/** One line, at most 120 characters: longer ones may be cut by the API server. */
function warning(text: string): string {
  return printable(text, 119);
}
