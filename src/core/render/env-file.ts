/** The env file of a view: names checked, values written in the view's format or reported as problems. */
import { type Dialect, nativeFault, type Variable, writeVariables } from '../formats/index.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { isEnvName, isShellOwned, nameFrom } from '../names/env-names.ts';
import { isSteering } from '../names/steering-names.ts';
import type { PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { SecretValue } from '../secret/secret-value.ts';
import { expand } from './expand.ts';
import { select } from './select.ts';
import type { Values } from './values.ts';

/** A variable with the annotation that requests it. */
interface Requested extends Variable {
  readonly subject: string;
}

/** Renders the env file. Variables with a problem are not part of it. */
export function renderEnvFile(view: PlanView, values: Values): SecretValue {
  const variables = [...namedVariables(view, values), ...expandedVariables(view, values)];
  const written = writeVariables(view.format, variables);
  const faults = new Map(written.ok ? [] : written.problem.map(({ name, fault }) => [name, fault]));
  const isNative = view.receivers.native.length > 0;
  for (const { name, value, subject } of variables) {
    const formatFault = faults.get(name);
    const fault = formatFault ?? (isNative ? nativeFault(name, value) : undefined);
    if (fault === undefined) continue;
    values.findings.add({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject,
      wrong: `the value of ${quote(name)} ${fault}, which ${formatFault === undefined ? 'a native variable' : `the format ${view.format}`} cannot represent`,
      // Another env-mode reads the same file, so it does not help when the format is the obstacle.
      expected:
        formatFault === undefined
          ? `change the value (a rotation can exclude characters), or set ${annotationKey('env-mode')} to shell or file`
          : 'change the value, select another env-format, or request a file',
    });
  }
  return new SecretValue(written.ok ? written.value : '');
}

function namedVariables(view: PlanView, values: Values): readonly Requested[] {
  const variables: Requested[] = [];
  for (const entry of view.env) {
    const subject = subjectOf.env(entry);
    const content = select(entry, subject, values);
    if (content === undefined) continue;
    const value = content.revealText();
    if (value !== undefined) variables.push({ name: entry.name, value, subject });
    else if (content.revealBytes() === undefined) values.addInvalidUnicode({ subject, secret: entry.secret });
    else values.findings.add(notText(subject, values.arnOf(entry.secret)));
  }
  return variables;
}

/** Named variables take precedence, as `env` does over `envFrom` in Kubernetes, even if they are absent. */
function expandedVariables(view: PlanView, values: Values): readonly Requested[] {
  const variables: Requested[] = [];
  const named = new Set(view.env.map(({ name }) => name));
  const taken = new Map(view.declared.map((name) => [name, 'a receiving container']));
  for (const entry of view.envFrom) {
    const subject = subjectOf.envFrom(entry);
    for (const [key, value] of expand(entry, { subject, secret: entry.secret }, values)) {
      const name = nameFrom(key, entry);
      if (named.has(name)) continue;
      const takenBy = taken.get(name);
      if (takenBy !== undefined && entry.onCollision === 'skip') continue;
      const problem = nameProblem(key, name, view.format, takenBy);
      if (problem === undefined) {
        values.deliver(entry.secret, key);
        variables.push({ name, value, subject });
      } else values.findings.add({ ...problem, subject });
      if (takenBy === undefined) taken.set(name, subject);
    }
  }
  return variables;
}

function nameProblem(
  key: string,
  name: string,
  format: Dialect,
  takenBy: string | undefined,
): Omit<FetchProblem, 'subject'> | undefined {
  const shown = key === name ? quote(key) : `${quote(key)} (as ${quote(name)})`;
  if (!isEnvName(name) || (format === 'shell' && isShellOwned(name))) {
    return {
      code: 'VALUE_NAME_INVALID',
      wrong: `key ${shown} is not a valid variable name`,
      expected:
        'rename the key in the secret, exclude it in the YAML form, or request the keys that you need one by one with env.<NAME>',
    };
  }
  if (isSteering(name)) {
    return {
      code: 'VALUE_NAME_REFUSED',
      wrong: `key ${shown} would change how programs run`,
      expected: `if this is intended, request it by name with ${annotationKey('env', name)}; otherwise exclude it in the YAML form`,
    };
  }
  if (takenBy !== undefined) {
    return {
      code: 'VALUE_NAME_TAKEN',
      wrong: `${takenBy} already provides the variable ${quote(name)}`,
      expected: 'remove one of the two, or set onCollision to skip in the YAML form',
    };
  }
  return undefined;
}

function notText(subject: string, arn: string): FetchProblem {
  return {
    code: 'VALUE_NOT_TEXT',
    subject,
    wrong: `secret ${arn} is not UTF-8 text`,
    expected: 'request it as a file with file.<name>',
  };
}
