/** Names that users give to variables and files. */
import type { Dialect } from '../formats/index.ts';
import { isEnvName, isShellOwned } from '../names/env-names.ts';
import { isSteering } from '../names/steering-names.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';

/**
 * Checks the name of a variable. A name that changes how programs run causes a warning.
 * @param format of the env file: a shell cannot set every name
 */
export function checkVariableName(name: string, subject: string, format: Dialect, findings: Findings): void {
  if (!isEnvName(name)) {
    findings.add({
      code: 'ENV_NAME_INVALID',
      subject: printable(subject),
      wrong: `${quote(name)} is not a valid variable name`,
      expected: 'use at most 128 letters, digits and "_", and do not start with a digit',
    });
  } else if (format === 'shell' && isShellOwned(name)) {
    findings.add({
      code: 'ENV_NAME_RESERVED',
      subject: printable(subject),
      wrong: `shells reserve the variable ${quote(name)} and would reject or change its value`,
      expected: 'use another name',
    });
  } else if (isSteering(name))
    findings.warn('VARIABLE_STEERS_PROGRAMS', subject, `${subject}: ${name} changes how programs run`);
}

/** The problem of a file name. @param fault continues the sentence after the name */
export function fileNameProblem(fault: string, name: string, subject: string): Problem {
  return {
    code: 'FILE_NAME_INVALID',
    subject: printable(subject),
    wrong: `the file name ${quote(name)} ${fault}`,
    expected: 'use a plain name such as tls.key',
  };
}
