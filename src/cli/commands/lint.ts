/** The `lint` command: finds mistakes in manifests before a cluster does. */
import { LINT_RULES } from '../../core/advice/lint/rules.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { readSettings } from '../../runtime/settings/settings.ts';
import { readBaseline, writeBaseline } from '../lint/baseline.ts';
import { type LintedFiles, lintFiles } from '../lint/lint-files.ts';
import { withFileArguments } from '../manifests/sources.ts';
import { formatGithub } from '../report/github.ts';
import { formatJson } from '../report/json.ts';
import { formatJunit } from '../report/junit.ts';
import type { ReportLevel, ReportResult, ReportRule } from '../report/result.ts';
import { formatSarif } from '../report/sarif.ts';
import { formatText } from '../report/text.ts';
import { flaggedSettings, knownVariables } from './injection-flags.ts';
import { checkLint, LINT_SETTINGS, type LintValues } from './lint-settings.ts';

export const LINT_HELP: CommandHelp = {
  usage: 'lint [FILE|FOLDER]… [flags]',
  about: `Checks the annotations of manifests, and the pods around them: everything that the webhook would
reject or warn about, and what only a look at the whole manifest shows. Reads the manifests that render reads.
Documents that cannot be read do not keep others from being checked. See docs/reference/lint.md.

Exits with 0; 1 if there is a finding of the level --fail-on or above; 2 for invalid flags; 3 if something could
not be read, and so was not checked.`,
  examples: [
    'aws-secrets-injector lint deploy/',
    'aws-secrets-injector lint deploy/ --format sarif > lint.sarif',
    'aws-secrets-injector lint web.yaml --fix',
    'helm template web ./chart | aws-secrets-injector lint --namespace shop -',
    'kustomize build overlays/production | aws-secrets-injector lint -',
  ],
  settings: LINT_SETTINGS,
  variables: true,
};

const LEVELS: readonly ReportLevel[] = ['note', 'warning', 'error'];

/** Runs the command. @returns 0; 1 with findings; 2 for invalid flags, policy or baseline; 3 if something was not checked */
export async function runLint(argv: readonly string[]): Promise<number> {
  const settings = readSettings(
    LINT_SETTINGS,
    withFileArguments(argv, LINT_SETTINGS),
    knownVariables(process.env, LINT_SETTINGS),
    checkLint,
  );
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(LINT_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems);
  const { values } = settings;
  const injection = flaggedSettings(values);
  const baseline = values.baseline === undefined ? undefined : readBaseline(values.baseline);
  if (!injection.ok) return fail([injection.problem]);
  if (baseline?.ok === false) return fail([`--baseline: ${values.baseline} ${baseline.problem}`]);
  const linted = lintFiles(values.file ?? ['-'], contextOf(values, injection.value), values.fix);
  for (const problem of linted.problems) process.stderr.write(`lint: ${problem}\n`);
  const known = baseline?.value ?? new Set();
  const results = linted.results.filter(({ fingerprint = '' }) => !known.has(fingerprint));
  if (values['write-baseline'] !== undefined) return record(values['write-baseline'], linted);
  process.stdout.write(format(values, results, linted));
  process.stderr.write(summary(linted, results, known.size));
  if (!linted.isComplete) return 3;
  return results.some((result) => isFailure(result, values['fail-on'])) ? 1 : 0;
}

function contextOf(values: LintValues, injection: InjectionSettings): Parameters<typeof lintFiles>[1] {
  const { native, ...unknownCluster } = injection;
  const disabled = new Set<string>(values.disable);
  return {
    namespace: values.namespace,
    settings: {
      injection: values['native-variables'] === 'auto' ? unknownCluster : injection,
      detectsPlainText: values['detect-plain-text'],
    },
    isEnabled: (rule) => !disabled.has(rule),
  };
}

function record(file: string, linted: LintedFiles): number {
  const problem = writeBaseline(file, linted.results);
  if (problem !== undefined) return fail([`--write-baseline: ${file} ${problem}`]);
  process.stderr.write(`lint: wrote ${countOf(linted.results.length, 'finding')} to ${file}\n`);
  return linted.isComplete ? 0 : 3;
}

function format(
  values: LintValues,
  results: readonly ReportResult[],
  { files, isComplete }: LintedFiles,
): string {
  switch (values.format) {
    case 'text':
      return formatText(results);
    case 'json':
      return formatJson(results);
    case 'sarif':
      return formatSarif(RULES, results, isComplete);
    case 'junit':
      return formatJunit({ results, files, isFailure: (result) => isFailure(result, values['fail-on']) });
    case 'github':
      return formatGithub(results);
  }
}

const RULES: readonly ReportRule[] = [...LINT_RULES.values()].map(
  ({ rule, level, meaning, action, page }) => ({
    id: rule,
    summary: meaning,
    help: action,
    page,
    level,
  }),
);

function isFailure({ level }: ReportResult, failOn: LintValues['fail-on']): boolean {
  return failOn !== 'never' && LEVELS.indexOf(level) >= LEVELS.indexOf(failOn);
}

function summary(linted: LintedFiles, results: readonly ReportResult[], known: number): string {
  const { files, documents, leftOut, skipped, fixable, fixed } = linted;
  const counts = LEVELS.toReversed().map((level) => {
    const count = results.filter((result) => result.level === level).length;
    return countOf(count, level);
  });
  const baseline = known === 0 ? '' : `, ${linted.results.length - results.length} in the baseline`;
  const lines = [
    `${counts.join(', ')}${baseline}, in ${countOf(documents, 'document')} of ${countOf(files.length, 'file')}`,
    ...(fixed > 0 ? [`fixed ${countOf(fixed, 'finding')}`] : []),
    ...(fixable > 0 ? [`${countOf(fixable, 'finding')} can be fixed with --fix`] : []),
    ...(leftOut > 0
      ? [
          `left out ${countOf(leftOut, 'document')} that kubectl cannot read and that do not mention the injector`,
        ]
      : []),
    ...(skipped.length > 0
      ? [
          `left out the templates of ${countOf(skipped.length, 'chart')}, such as ${skipped[0]}: pass the output of "helm template" on standard input`,
        ]
      : []),
  ];
  return lines.map((line) => `lint: ${line}\n`).join('');
}

function countOf(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

function fail(problems: readonly string[]): number {
  process.stderr.write(problems.map((problem) => `lint: ${problem}\n`).join(''));
  return 2;
}
