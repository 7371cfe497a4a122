/** Values into files, in memory: everything is rendered before anything is written. */

import { annotationKey } from './annotations.ts';
import { isEnvName, isShellOwned, isSteering } from './env-names.ts';
import { keyFileFault } from './paths.ts';
import { ENV_FILE, type Plan, type PlanView, subjectOf } from './plan.ts';
import type { FetchProblem } from './problems.ts';
import { quote } from './quote.ts';
import { readMembers, type SecretMembers } from './secret-json.ts';
import { SecretValue } from './secret-value.ts';
import { shellAssignment } from './shell-file.ts';

export interface RenderedFile {
  /** Relative to the view's volume. */
  readonly path: string;
  readonly content: SecretValue;
}

export interface RenderedView {
  readonly volume: string;
  /** Permission bits of every file. */
  readonly mode: number;
  /** Directories that exist even when no file lies in them. */
  readonly directories: readonly string[];
  readonly files: readonly RenderedFile[];
}

/**
 * Renders every view of a plan.
 * @param values the values, in the order of the plan's secrets
 * @returns the views, or every problem that a value has
 */
export function renderViews(
  plan: Plan,
  values: readonly SecretValue[],
): readonly RenderedView[] | readonly FetchProblem[] {
  const problems: FetchProblem[] = [];
  const members = new Map<number, SecretMembers | undefined>();
  const source: Source = {
    arnOf: (secret) => plan.secrets[secret]?.arn ?? '',
    valueOf: (secret) => values[secret] ?? new SecretValue(''),
    membersOf: (secret) => {
      if (!members.has(secret)) members.set(secret, readMembers(source.valueOf(secret)));
      return members.get(secret);
    },
    complain: (problem) => void problems.push(problem),
  };
  const views = plan.views.map((view) => renderView(view, source));
  return problems.length > 0 ? problems : views;
}

/** Whether rendering came to problems. */
export function areProblems(
  rendered: readonly RenderedView[] | readonly FetchProblem[],
): rendered is readonly FetchProblem[] {
  return rendered.length > 0 && rendered.every((one) => 'code' in one);
}

interface Source {
  arnOf(secret: number): string;
  valueOf(secret: number): SecretValue;
  membersOf(secret: number): SecretMembers | undefined;
  complain(problem: FetchProblem): void;
}

function renderView(view: PlanView, source: Source): RenderedView {
  const files: RenderedFile[] = [];
  const variables = [...namedVariables(view, source), ...spreadVariables(view, source)];
  if (view.env.length > 0 || view.envFrom.length > 0) {
    files.push({ path: ENV_FILE, content: new SecretValue(variables.join('')) });
  }
  for (const entry of view.files) {
    const content =
      entry.key === undefined
        ? source.valueOf(entry.secret)
        : memberOf(entry, subjectOf.files(entry), source);
    if (content === undefined) continue;
    if (content.revealBytes() === undefined)
      source.complain(notEncodable(subjectOf.files(entry), source.arnOf(entry.secret)));
    else files.push({ path: entry.path, content });
  }
  for (const entry of view.filesFrom) files.push(...spreadFiles(entry.directory, entry.secret, source));
  return {
    volume: view.volume,
    mode: Number.parseInt(view.fileMode, 8),
    directories: view.filesFrom.map((entry) => entry.directory),
    files,
  };
}

function namedVariables(view: PlanView, source: Source): string[] {
  const lines: string[] = [];
  for (const entry of view.env) {
    const subject = subjectOf.env(entry);
    const content = entry.key === undefined ? source.valueOf(entry.secret) : memberOf(entry, subject, source);
    if (content === undefined) continue;
    const text = content.revealText();
    if (text !== undefined) pushAssignment(lines, entry.name, text, subject, source);
    else if (content.revealBytes() === undefined)
      source.complain(notEncodable(subject, source.arnOf(entry.secret)));
    else source.complain(notText(subject, source.arnOf(entry.secret)));
  }
  return lines;
}

function spreadVariables(view: PlanView, source: Source): string[] {
  const lines: string[] = [];
  const taken = new Map<string, string>(view.env.map((entry) => [entry.name, subjectOf.env(entry)]));
  for (const name of view.declared) if (!taken.has(name)) taken.set(name, 'a receiving container');
  for (const entry of view.envFrom) {
    const subject = subjectOf.envFrom(entry);
    const members = objectOf(entry.secret, subject, source);
    if (members === undefined) continue;
    for (const [name, text] of members) {
      const fault = variableFault(name, taken.get(name));
      if (fault !== undefined) source.complain({ ...fault, subject });
      else if (text === null) source.complain(nullMember(name, subject, source.arnOf(entry.secret)));
      else pushAssignment(lines, name, text, subject, source);
      if (!taken.has(name)) taken.set(name, subject);
    }
  }
  return lines;
}

function variableFault(name: string, takenBy: string | undefined): Omit<FetchProblem, 'subject'> | undefined {
  if (!isEnvName(name) || isShellOwned(name)) {
    return {
      code: 'VALUE_NAME_INVALID',
      wrong: `the key ${quote(name)} cannot be a variable's name`,
      expected: 'rename the key in the secret, or ask for the keys that you need one by one with env.<NAME>',
    };
  }
  if (isSteering(name)) {
    return {
      code: 'VALUE_NAME_REFUSED',
      wrong: `the key ${quote(name)} would change how programs run`,
      expected: `ask for it by name with ${annotationKey('env', name)} if that is meant`,
    };
  }
  if (takenBy !== undefined) {
    return {
      code: 'VALUE_NAME_TAKEN',
      wrong: `the variable ${quote(name)} is already given by ${takenBy}`,
      expected: 'keep one of the two',
    };
  }
  return undefined;
}

function spreadFiles(directory: string, secret: number, source: Source): RenderedFile[] {
  const subject = subjectOf.filesFrom({ directory, secret });
  const files: RenderedFile[] = [];
  for (const [key, text] of objectOf(secret, subject, source) ?? []) {
    const fault = keyFileFault(key);
    if (fault !== undefined) {
      source.complain({
        code: 'VALUE_NAME_INVALID',
        subject,
        wrong: `the key ${quote(key)} ${fault}, so it cannot be a file's name`,
        expected: 'rename the key in the secret',
      });
    } else if (text === null) source.complain(nullMember(key, subject, source.arnOf(secret)));
    else if (!text.isWellFormed()) source.complain(notEncodable(subject, source.arnOf(secret)));
    else files.push({ path: `${directory}/${key}`, content: new SecretValue(text) });
  }
  return files;
}

function pushAssignment(lines: string[], name: string, text: string, subject: string, source: Source): void {
  const line = shellAssignment(name, text);
  if (line !== undefined) {
    lines.push(line);
    return;
  }
  source.complain({
    code: 'VALUE_NOT_REPRESENTABLE',
    subject,
    wrong: `the value of ${quote(name)} holds ${text.includes('\0') ? 'a NUL' : 'half of a surrogate pair'}, which no variable can carry`,
    expected: 'store it without that character, or ask for a file',
  });
}

function memberOf(
  entry: { secret: number; key?: string },
  subject: string,
  source: Source,
): SecretValue | undefined {
  const key = entry.key ?? '';
  const members = objectOf(entry.secret, subject, source);
  if (members === undefined) return undefined;
  const text = members.get(key);
  if (text === undefined) {
    source.complain({
      code: 'VALUE_KEY_MISSING',
      subject,
      wrong: `the secret ${source.arnOf(entry.secret)} has no key ${quote(key)}`,
      expected: 'name a top-level key of its JSON; case matters',
    });
    return undefined;
  }
  if (text === null) {
    source.complain(nullMember(key, subject, source.arnOf(entry.secret)));
    return undefined;
  }
  return new SecretValue(text);
}

function objectOf(secret: number, subject: string, source: Source): SecretMembers | undefined {
  const members = source.membersOf(secret);
  if (members === undefined) {
    source.complain({
      code: 'VALUE_NOT_JSON',
      subject,
      wrong: `the secret ${source.arnOf(secret)} is not a JSON object`,
      expected: 'store a JSON object, or leave the key out to get the whole value',
    });
  }
  return members;
}

function nullMember(key: string, subject: string, arn: string): FetchProblem {
  return {
    code: 'VALUE_KEY_MISSING',
    subject,
    wrong: `the key ${quote(key)} of the secret ${arn} is null`,
    expected: 'give it a value: null is neither text nor absent',
  };
}

function notText(subject: string, arn: string): FetchProblem {
  return {
    code: 'VALUE_NOT_TEXT',
    subject,
    wrong: `the secret ${arn} is not UTF-8 text`,
    expected: 'ask for it as a file with file.<name>',
  };
}

function notEncodable(subject: string, arn: string): FetchProblem {
  return {
    code: 'VALUE_NOT_REPRESENTABLE',
    subject,
    wrong: `a value of the secret ${arn} holds half of a surrogate pair, which has no UTF-8 form`,
    expected: 'store it again with whole characters',
  };
}
