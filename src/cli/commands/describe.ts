/** The `describe` command: prints what the pods of manifests, or of a cluster, get. */
import { describeDecision, type PodDescription } from '../../core/advice/describe.ts';
import { describeRunning } from '../../core/advice/describe-running.ts';
import { formatDescriptions } from '../../core/advice/describe-text.ts';
import { decide } from '../../core/decide/decide.ts';
import type { PodTemplate } from '../../core/pod/pod-templates.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { checkInjection } from '../../runtime/settings/injection.ts';
import { integer, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, readSettings, setting } from '../../runtime/settings/settings.ts';
import { podCount } from '../manifests/pod-count.ts';
import { readManifestFiles } from '../manifests/read-manifests.ts';
import { FILES, withFileFlag } from '../manifests/sources.ts';
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
  usage: 'describe [-f FILE|FOLDER]… [flags]',
  about: `Prints for each pod which variables and files its containers get, from which secrets, and why a pod would
be denied; with the annotation refresh, how often its replicas call AWS and what that costs. Reads the
manifests that render reads, and pods of a cluster, for which it prints the versions that they started with.
See docs/reference/describe.md.`,
  examples: [
    'aws-secrets-injector describe -f web.yaml',
    'aws-secrets-injector describe -f deploy/ --replicas 200 --json',
    'kubectl get pods -n shop -o json | aws-secrets-injector describe -f -',
  ],
  settings: DESCRIBE_SETTINGS,
  variables: true,
};

/** Runs the command. @returns 0; 1 if a pod would be denied or a file cannot be read; 2 for invalid flags or an invalid policy */
export async function runDescribe(argv: readonly string[]): Promise<number> {
  const settings = readSettings(
    DESCRIBE_SETTINGS,
    withFileFlag(argv),
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
  const descriptions = files.flatMap(({ templates }) =>
    templates.map((template) => describe(template, replicas, injection.value)),
  );
  if (descriptions.length === 0) return fail(['no pod in these manifests'], 1);
  process.stdout.write(
    json ? `${JSON.stringify(descriptions, undefined, 2)}\n` : formatDescriptions(descriptions),
  );
  return descriptions.some(({ outcome }) => outcome === 'denied') ? 1 : 0;
}

function describe(
  { object, owner, pod, namespace }: PodTemplate,
  replicas: number | undefined,
  settings: InjectionSettings,
): PodDescription {
  const isPod = owner.kind === 'Pod';
  const described = { object, pods: isPod ? 1 : (replicas ?? podCount(owner)) };
  const running = isPod ? describeRunning(described, owner.content) : undefined;
  // Nothing records versions in manifests.
  return running ?? describeDecision(described, decide(pod, namespace, { ...settings, ignoresPins: true }));
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `describe: ${problem}\n`).join(''));
  return code;
}
