/** Names that users give to variables and files. */
import { isEnvName, isShellOwned, isSteering } from '../names/env-names.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import { type Reading, warning } from './asked-secrets.ts';

/** Why a variable cannot have a name, or undefined; names that steer programs warn. */
export function variableNameProblem(
  name: string,
  subject: string,
  { format, warnings }: Pick<Reading, 'format' | 'warnings'>,
): Problem | undefined {
  if (!isEnvName(name)) {
    return {
      code: 'ENV_NAME_INVALID',
      subject: printable(subject),
      wrong: `${quote(name)} cannot be a variable's name`,
      expected: 'use letters, digits and "_", not starting with a digit, at most 128',
    };
  }
  if (format === 'shell' && isShellOwned(name)) {
    return {
      code: 'ENV_NAME_RESERVED',
      subject: printable(subject),
      wrong: `shells keep ${quote(name)} for themselves and would refuse or alter the value`,
      expected: 'choose another name',
    };
  }
  if (isSteering(name)) warnings.push(warning(`${subject}: ${name} changes how programs run`));
  return undefined;
}

/** The problem of a file's name. @param fault goes on from the name */
export function fileNameProblem(fault: string, name: string, subject: string): Problem {
  return {
    code: 'FILE_NAME_INVALID',
    subject: printable(subject),
    wrong: `the name ${quote(name)} ${fault}`,
    expected: 'use a plain name such as tls.key',
  };
}
