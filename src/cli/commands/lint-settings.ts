/** The flags of `lint`. */
import { LINT_RULES } from '../../core/advice/lint/rules.ts';
import { nearest } from '../../core/problems/nearest.ts';
import { quote } from '../../core/problems/quote.ts';
import { checkInjection } from '../../runtime/settings/injection.ts';
import { choice, type Kind, PATH, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, setting, type Values } from '../../runtime/settings/settings.ts';
import { FILES } from '../manifests/sources.ts';
import { INJECTION_FLAGS } from './injection-flags.ts';

export const FORMATS = ['text', 'json', 'sarif', 'junit', 'github'] as const;

/** Codes of rules. Whether they exist is checked later, to suggest the nearest. */
const RULES: Kind<readonly string[]> = {
  placeholder: 'code',
  expects: 'codes of rules, separated by commas',
  parse: (text) => text.split(',').map((code) => code.trim()),
  merge: (lists) => lists.flat(),
};

export const LINT_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to check: files, or directories, which are searched recursively for files that end in .yaml, .yml or .json (short: -f, or without a flag). Can be set several times. By default, standard input.',
  ),
  format: setting(choice(...FORMATS), 'text', 'Format of the findings on standard output.'),
  'fail-on': setting(
    choice('error', 'warning', 'note', 'never'),
    'error',
    'The lowest level of findings with which the command exits with 1.',
  ),
  disable: setting(RULES, [], 'Rules that are not checked. Can be set several times.'),
  'detect-plain-text': setting(
    SWITCH,
    true,
    'Report values that look like secrets, in pods that request secrets. Turn it off with --detect-plain-text=false.',
  ),
  baseline: optional(PATH, 'File with findings that are not reported.'),
  'write-baseline': optional(PATH, 'Write the findings to this file, for --baseline, and exit with 0.'),
  fix: setting(SWITCH, false, 'Change the files where the change is certain, then report what is left.'),
  ...INJECTION_FLAGS,
};

export type LintValues = Values<typeof LINT_SETTINGS>;

/** Returns contradictions between these settings. */
export function checkLint(values: LintValues): readonly string[] {
  const unknown = values.disable.filter((code) => !LINT_RULES.has(code));
  return [
    ...checkInjection(values),
    ...unknown.map((code) => {
      const match = nearest(
        code,
        [...LINT_RULES.keys()].map((one) => one.toLowerCase()),
      );
      const hint = match === undefined ? '' : `; did you mean ${match.toUpperCase()}?`;
      return `--disable: no rule has the code ${quote(code)}${hint}`;
    }),
    ...(values.fix && (values.file ?? ['-']).includes('-')
      ? ['--fix: changes files, and cannot change standard input']
      : []),
    ...(values.baseline !== undefined && values['write-baseline'] !== undefined
      ? ['--write-baseline: cannot be combined with --baseline']
      : []),
  ];
}
