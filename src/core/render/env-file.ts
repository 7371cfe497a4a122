/** The env file of a view: names checked, values written in the view's dialect or refused. */

import { type Dialect, nativeFault, type Variable, writeVariables } from '../formats/index.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { isEnvName, isShellOwned, isSteering, nameFrom } from '../names/env-names.ts';
import type { PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { SecretValue } from '../secret/secret-value.ts';
import { spread } from './expand.ts';
import { select } from './select.ts';
import type { Values } from './values.ts';

/** A variable with the annotation that asked for it. */
interface Given extends Variable {
  readonly subject: string;
}

/** @returns the env file, of which only those that no problem was told of are part */
export function renderEnvFile(view: PlanView, values: Values): SecretValue {
  const variables = [...namedVariables(view, values), ...spreadVariables(view, values)];
  const written = writeVariables(view.format, variables);
  const faults = new Map('faults' in written ? written.faults.map(({ name, fault }) => [name, fault]) : []);
  const isNative = view.receivers.native.length > 0;
  for (const { name, value, subject } of variables) {
    const ofDialect = faults.get(name);
    const fault = ofDialect ?? (isNative ? nativeFault(name, value) : undefined);
    if (fault === undefined) continue;
    const reader = ofDialect === undefined ? 'a native variable' : `the dialect ${view.format}`;
    values.complain({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject,
      wrong: `the value of ${quote(name)} ${fault}, which ${reader} cannot carry`,
      // What the dialect cannot carry, another way to read the same file would not bring either.
      expected:
        ofDialect === undefined
          ? `store it otherwise (a rotation can exclude characters), or set ${annotationKey('env-mode')} to shell or file`
          : 'store it otherwise, choose another dialect, or ask for a file',
    });
  }
  return new SecretValue('text' in written ? written.text : '');
}

function namedVariables(view: PlanView, values: Values): readonly Given[] {
  const variables: Given[] = [];
  for (const entry of view.env) {
    const subject = subjectOf.env(entry);
    const content = select(entry, subject, values);
    if (content === undefined) continue;
    const value = content.revealText();
    const place = { subject, secret: entry.secret };
    if (value !== undefined) variables.push({ name: entry.name, value, subject });
    else if (content.revealBytes() === undefined) values.complainOfEncoding(place);
    else values.complain(notText(subject, values.arnOf(entry.secret)));
  }
  return variables;
}

function spreadVariables(view: PlanView, values: Values): readonly Given[] {
  const variables: Given[] = [];
  const taken = new Map<string, string>(view.env.map((entry) => [entry.name, subjectOf.env(entry)]));
  for (const name of view.declared) if (!taken.has(name)) taken.set(name, 'a receiving container');
  for (const entry of view.envFrom) {
    const subject = subjectOf.envFrom(entry);
    for (const [key, value] of spread(entry, { subject, secret: entry.secret }, values)) {
      const name = nameFrom(key, entry);
      const takenBy = taken.get(name);
      if (takenBy !== undefined && entry.onCollision === 'skip') continue;
      const fault = variableFault(key, name, view.format, takenBy);
      if (fault === undefined) variables.push({ name, value, subject });
      else values.complain({ ...fault, subject });
      if (takenBy === undefined) taken.set(name, subject);
    }
  }
  return variables;
}

function variableFault(
  key: string,
  name: string,
  format: Dialect,
  takenBy: string | undefined,
): Omit<FetchProblem, 'subject'> | undefined {
  const shown = key === name ? quote(key) : `${quote(key)}, as ${quote(name)},`;
  if (!isEnvName(name) || (format === 'shell' && isShellOwned(name))) {
    return {
      code: 'VALUE_NAME_INVALID',
      wrong: `the key ${shown} cannot be a variable's name`,
      expected:
        'rename the key in the secret, exclude it in the YAML form, or ask for the keys that you need one by one with env.<NAME>',
    };
  }
  if (isSteering(name)) {
    return {
      code: 'VALUE_NAME_REFUSED',
      wrong: `the key ${shown} would change how programs run`,
      expected: `ask for it by name with ${annotationKey('env', name)} if that is meant, or exclude it in the YAML form`,
    };
  }
  if (takenBy !== undefined) {
    return {
      code: 'VALUE_NAME_TAKEN',
      wrong: `the variable ${quote(name)} is already given by ${takenBy}`,
      expected: 'keep one of the two, or set onCollision to skip in the YAML form',
    };
  }
  return undefined;
}

function notText(subject: string, arn: string): FetchProblem {
  return {
    code: 'VALUE_NOT_TEXT',
    subject,
    wrong: `the secret ${arn} is not UTF-8 text`,
    expected: 'ask for it as a file with file.<name>',
  };
}
