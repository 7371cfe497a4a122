/** The `migrate` command: replaces the objects of other tools by annotations. */
import { writeFileSync } from 'node:fs';
import { type ListedSecret, readListing } from '../../core/advice/migrate/locate.ts';
import type { Migration } from '../../core/advice/migrate/migrate.ts';
import { formatMarkdown, formatReport, nextSteps } from '../../core/advice/migrate/report-text.ts';
import { isRegion } from '../../core/names/regions.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { checkInjection } from '../../runtime/settings/injection.ts';
import { choice, type Kind, PATH, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, readSettings, setting } from '../../runtime/settings/settings.ts';
import { unifiedDiff } from '../manifests/diff.ts';
import { findFiles } from '../manifests/files.ts';
import { joinFiles } from '../manifests/join-files.ts';
import { type FileText, type MigratedFiles, migrateFiles } from '../manifests/migrate-text.ts';
import { FILES, readSource, sourceName, withFileFlag } from '../manifests/sources.ts';
import { flaggedSettings, INJECTION_FLAGS, knownVariables } from './injection-flags.ts';

const ACCOUNT: Kind<string> = {
  placeholder: 'id',
  expects: 'the 12 digits of an AWS account',
  parse: (text) => (/^\d{12}$/.test(text) ? text : undefined),
};

const REGION: Kind<string> = {
  placeholder: 'region',
  expects: 'the name of a Region such as eu-west-1',
  parse: (text) => (isRegion(text) ? text : undefined),
};

const MIGRATE_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to read: files, or directories, which are searched recursively for files that end in .yaml, .yml or .json (short: -f). Can be set several times. By default, standard input.',
  ),
  write: setting(SWITCH, false, 'Change the files instead of printing them.'),
  diff: setting(SWITCH, false, 'Print a unified diff instead of the manifests.'),
  report: optional(PATH, 'File for the report. By default, standard error.'),
  'report-format': setting(choice('text', 'markdown', 'json'), 'text', 'Format of the report.'),
  account: optional(ACCOUNT, 'Account of secrets that the manifests name without an account.'),
  region: optional(REGION, 'Region of secrets that the manifests name without a Region.'),
  resolve: optional(
    PATH,
    'Output of "aws secretsmanager list-secrets", to complete names into ARNs and to evaluate find.',
  ),
  'own-identity': setting(
    SWITCH,
    false,
    'Leave out the roles of stores: pods read the secrets with the role of their own service account.',
  ),
  'move-files': setting(
    SWITCH,
    false,
    'Move files that cannot stay at their path into a directory with the name of the volume, below the mount path of the pod.',
  ),
  'secrets-init': setting(
    SWITCH,
    false,
    'Treat variables whose value is the ARN of a secret as references of kube-secrets-init.',
  ),
  ...INJECTION_FLAGS,
};

export const MIGRATE_HELP: CommandHelp = {
  usage: 'migrate [-f FILE|FOLDER]… [flags]',
  about: `Replaces what pods get from other tools by annotations: External Secrets, the Secrets Store CSI driver with provider aws,
aws-secret-sidecar-injector, Bank-Vaults, kube-secrets-init, and the agent injector of Vault. Prints the changed manifests,
and reports for each field whether it was carried, changed or not carried. A use that cannot be carried stays as it is.
Reads no secret. See docs/reference/migrate.md.`,
  examples: [
    'aws-secrets-injector migrate -f deploy/ --account 111122223333 --diff',
    'aws-secrets-injector migrate -f deploy/ --resolve secrets.json --write',
    'kustomize build overlays/production | aws-secrets-injector migrate',
  ],
  settings: MIGRATE_SETTINGS,
  variables: true,
};

/** Runs the command. @returns 0; 1 if something is not carried or a file cannot be read; 2 for invalid flags */
export async function runMigrate(argv: readonly string[]): Promise<number> {
  const settings = readSettings(
    MIGRATE_SETTINGS,
    withFileFlag(argv),
    knownVariables(process.env, MIGRATE_SETTINGS),
    (values) => [...checkInjection(values), ...checkOutput(values)],
  );
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(MIGRATE_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { values } = settings;
  const injection = flaggedSettings(values);
  if (!injection.ok) return fail([injection.problem], 2);
  const listing = readListingFile(values.resolve);
  if (!listing.ok) return fail([`--resolve: ${listing.problem}`], 2);
  const sources = readAll(values.file ?? ['-']);
  if (!sources.ok) return fail(sources.problem, 1);
  const result = migrateFiles(sources.value, values.namespace, {
    settings: injection.value,
    ownIdentity: values['own-identity'],
    movesFiles: values['move-files'],
    secretsInit: values['secrets-init'],
    account: values.account,
    region: values.region,
    listing: listing.value,
  });
  if (!result.ok) return fail(result.problem, 1);
  const printed = print(result.value, values);
  if (!printed.ok) return fail([printed.problem], 1);
  const { migration, files } = result.value;
  for (const note of files.flatMap(({ notes }) => notes)) process.stderr.write(`note: ${note}\n`);
  const report = reportText(migration, values['report-format']);
  if (values.report === undefined) process.stderr.write(report);
  else {
    const written = write(values.report, report);
    if (!written.ok) return fail([written.problem], 1);
  }
  process.stdout.write(printed.value);
  return migration.entries.some(({ fate }) => fate === 'not-carried') ? 1 : 0;
}

function checkOutput({
  write: isWritten,
  diff,
  file,
}: {
  write: boolean;
  diff: boolean;
  file: readonly string[] | undefined;
}): readonly string[] {
  if (!isWritten) return [];
  return [
    ...(diff ? ['--write and --diff exclude each other'] : []),
    ...((file ?? ['-']).includes('-') ? ['--write needs files: set --file'] : []),
  ];
}

function readListingFile(name: string | undefined): Result<readonly ListedSecret[] | undefined, string> {
  if (name === undefined) return ok(undefined);
  const source = readSource(name);
  if (!source.ok) return failed(`${sourceName(name)} ${source.problem}`);
  let data: unknown;
  try {
    data = JSON.parse(source.value);
  } catch {
    return failed(`${sourceName(name)} is not JSON`);
  }
  const listing = readListing(data);
  return listing === undefined
    ? failed(`${sourceName(name)} is not the output of aws secretsmanager list-secrets`)
    : ok(listing);
}

function readAll(names: readonly string[]): Result<readonly FileText[], readonly string[]> {
  const { files, problems, warnings } = findFiles(names);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const texts: FileText[] = [];
  const wrong = [...problems];
  for (const name of files) {
    const source = readSource(name);
    if (source.ok) texts.push({ name: sourceName(name), text: source.value });
    else wrong.push(`${sourceName(name)}: ${source.problem}`);
  }
  return wrong.length > 0 ? failed(wrong) : ok(texts);
}

/** @returns what goes to standard output */
function print({ files }: MigratedFiles, values: { write: boolean; diff: boolean }): Result<string, string> {
  if (values.diff)
    return ok(files.map(({ name, text, splices }) => unifiedDiff(name, text, splices)).join(''));
  if (!values.write) {
    const text = joinFiles(files.map(({ migrated }) => migrated));
    return text === undefined
      ? failed(
          'kubectl cannot read these files as one stream: migrate each of them separately, or use --write',
        )
      : ok(text);
  }
  for (const { name, text, migrated } of files) {
    if (migrated === text) continue;
    const written = write(name, migrated);
    if (!written.ok) return written;
  }
  return ok('');
}

function write(name: string, text: string): Result<undefined, string> {
  try {
    writeFileSync(name, text);
    return ok(undefined);
  } catch (error) {
    return failed(`${name}: cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function reportText(migration: Migration, format: 'text' | 'markdown' | 'json'): string {
  switch (format) {
    case 'text':
      return formatReport(migration);
    case 'markdown':
      return formatMarkdown(migration);
    case 'json':
      return `${JSON.stringify({ entries: migration.entries, nextSteps: nextSteps(migration) }, undefined, 2)}\n`;
  }
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `migrate: ${problem}\n`).join(''));
  return code;
}
