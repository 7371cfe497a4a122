/** The `describe` command: prints what the pods of manifests, or of a cluster, get. */
import type { PodDescription } from '../../core/advice/describe.ts';
import { formatDescriptions } from '../../core/advice/describe-text.ts';
import { readEvent } from '../../core/advice/diagnose/events.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { checkInjection } from '../../runtime/settings/injection.ts';
import { integer, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, readSettings, setting } from '../../runtime/settings/settings.ts';
import { describeAll, describeOtherEvents } from '../manifests/describe-objects.ts';
import { readManifestFiles } from '../manifests/read-manifests.ts';
import { FILES, withFileArguments } from '../manifests/sources.ts';
import { flaggedSettings, INJECTION_FLAGS, knownVariables } from './injection-flags.ts';

const DESCRIBE_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to read: files, or directories, which are searched recursively for files that end in .yaml, .yml or .json (short: -f). Can be set several times. By default, standard input.',
  ),
  json: setting(SWITCH, false, 'Print JSON instead of text.'),
  replicas: optional(
    integer(1, 1_000_000, 'count'),
    'Number of pods of each workload for the estimates, such as the most that an autoscaler creates, or the number of nodes for a DaemonSet. By default, that of the manifest.',
  ),
  ...INJECTION_FLAGS,
};

export const DESCRIBE_HELP: CommandHelp = {
  usage: 'describe [FILE|FOLDER|-]… [flags]',
  about: `Prints for each pod which variables and files its containers get, from which secrets, and why a pod would
be denied; with the annotation refresh, how often its replicas call AWS and what that costs. Reads the
manifests that render reads, and pods, workloads and events of a cluster, for which it prints the versions
that pods started with, why a pod does not start or was not created, and what to do.
See docs/reference/describe.md.`,
  examples: [
    'aws-secrets-injector describe -f web.yaml',
    'aws-secrets-injector describe -f deploy/ --replicas 200 --json',
    'kubectl get pods -n shop -o json | aws-secrets-injector describe -',
    'kubectl get pods,rs,events -n shop -o json | aws-secrets-injector describe -',
  ],
  settings: DESCRIBE_SETTINGS,
  variables: true,
};

/**
 * Runs the command. @returns 0; 1 if a pod would be denied, has failed or was not created, or if a file cannot be read; 2 for
 * invalid flags or an invalid policy
 */
export async function runDescribe(argv: readonly string[]): Promise<number> {
  const settings = readSettings(
    DESCRIBE_SETTINGS,
    withFileArguments(argv, DESCRIBE_SETTINGS),
    knownVariables(process.env, DESCRIBE_SETTINGS),
    checkInjection,
  );
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(DESCRIBE_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { file = ['-'], json, replicas, namespace } = settings.values;
  const injection = flaggedSettings(settings.values);
  if (!injection.ok) return fail([injection.problem], 2);
  const { files, warnings, problems } = readManifestFiles(file, namespace);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  if (problems.length > 0) return fail(problems, 1);
  const events = files.flatMap((one) => one.events.flatMap((event) => readEvent(event) ?? []));
  const templates = files.flatMap((one) => one.templates);
  const descriptions = [
    ...describeAll(templates, { replicas, injection: injection.value, events }),
    ...describeOtherEvents(templates, events),
  ];
  if (descriptions.length === 0) return fail(['no pod in these manifests'], 1);
  process.stdout.write(
    json ? `${JSON.stringify(descriptions, undefined, 2)}\n` : formatDescriptions(descriptions),
  );
  const isWrong = ({ outcome, diagnoses }: PodDescription) => outcome === 'denied' || diagnoses.length > 0;
  return descriptions.some(isWrong) ? 1 : 0;
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `describe: ${problem}\n`).join(''));
  return code;
}
