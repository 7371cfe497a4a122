/** The secrets that a pod names: aliases resolved, incomplete ARNs noted, each version listed once. */

import type { Dialect } from '../formats/index.ts';
import { parseArn, type SecretArn } from '../names/arn.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';
import type { Ask } from './annotations.ts';
import { isAlias } from './reference.ts';
import { SecretTable } from './secret-table.ts';

/** What is gathered while references are read. */
export interface Reading {
  /** One whose own ARN was refused maps to undefined, so that it is not complained of twice. */
  readonly aliases: ReadonlyMap<string, SecretArn | undefined>;
  readonly secrets: SecretTable;
  readonly settings: InjectionSettings;
  /** Of the env file: a file that a shell reads cannot carry every name. */
  readonly format: Dialect;
  readonly problems: Problem[];
  readonly warnings: string[];
}

/** Reads the aliases of a pod. Problems and warnings are added to the lists given. */
export function startReading(
  asks: readonly Ask[],
  settings: InjectionSettings,
  format: Dialect,
  problems: Problem[],
  warnings: string[],
): Reading {
  const aliases = new Map<string, SecretArn | undefined>();
  const reading = { aliases, secrets: new SecretTable(), settings, format, problems, warnings };
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
    else noteIncomplete(arn, subject, reading);
    aliases.set(ask.name, failed ? undefined : arn);
  }
  return reading;
}

/** An ARN without its six characters is refused or warned of. */
export function noteIncomplete(
  arn: SecretArn,
  subject: string,
  { settings, problems, warnings }: Pick<Reading, 'settings' | 'problems' | 'warnings'>,
): void {
  if (arn.suffix !== undefined) return;
  if (settings.requireCompleteArns === true) {
    problems.push({
      code: 'ARN_INCOMPLETE',
      subject,
      wrong: `${quote(arn.text)} lacks the six characters at its end, which the operator's policy asks for`,
      expected: 'write the complete ARN, as aws secretsmanager describe-secret prints it',
    });
  } else {
    warnings.push(warning(`${subject}: the ARN has no suffix; it follows whoever re-creates the name`));
  }
}

/** One line, at most 120 characters: longer ones may be cut by the API server. */
export function warning(text: string): string {
  return printable(text, 119);
}
