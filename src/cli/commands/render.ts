/** The `render` command: reads manifests and prints them with the injection applied. */
import { formatProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import { renderSettingsHelp } from '../../runtime/settings/help.ts';
import {
  checkInjection,
  INJECTION_SETTINGS,
  injectionSettings,
  nativeWithoutCluster,
  sidecarsWithoutCluster,
} from '../../runtime/settings/injection.ts';
import { PATH, SWITCH } from '../../runtime/settings/kinds.ts';
import { readPolicyFile } from '../../runtime/settings/policy-file.ts';
import {
  type Environment,
  optional,
  readSettings,
  setting,
  variableName,
} from '../../runtime/settings/settings.ts';
import { VERSION } from '../../runtime/version.ts';
import { joinFiles } from '../manifests/join-files.ts';
import { type RenderedText, renderText, type UnreadableText } from '../manifests/render-text.ts';
import { FILES, NAMESPACE, readSource, sourceName, withFileFlag } from '../manifests/sources.ts';

const RENDER_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to read (short: -f). Can be set several times. By default, standard input.',
  ),
  patch: setting(SWITCH, false, 'Print the JSON Patch of each object instead of the manifests.'),
  namespace: setting(NAMESPACE, 'default', 'Namespace of objects without metadata.namespace.'),
  policy: optional(
    PATH,
    "YAML file with the operator's policy (docs/guides/policy.md). Denies what the webhook denies with --policy-file.",
  ),
  ...INJECTION_SETTINGS,
  image: { ...INJECTION_SETTINGS.image, fallback: `aws-secrets-injector:${VERSION}` },
};

const ABOUT = `Prints manifests with the injection applied to pods and pod templates: Pod, Deployment, StatefulSet,
DaemonSet, ReplicaSet, Job, CronJob, List, and every other kind with a pod template at spec.template,
such as an Argo Rollout or a Knative Service. Reports annotations in other places on standard error.
Reads YAML and JSON as kubectl does.`;

/** Runs the command. @returns 0; 1 if a pod would be denied or a file cannot be read; 2 for invalid flags or an invalid policy */
export async function runRender(argv: readonly string[]): Promise<number> {
  const settings = readSettings(
    RENDER_SETTINGS,
    withFileFlag(argv),
    knownVariables(process.env),
    checkInjection,
  );
  if (settings.kind === 'help') {
    process.stdout.write(
      `Usage: aws-secrets-injector render [-f FILE]… [flags]\n\n${ABOUT}\n\n${renderSettingsHelp(RENDER_SETTINGS)}\n`,
    );
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { file = ['-'], patch, namespace, policy } = settings.values;
  const rules = policy === undefined ? undefined : readPolicyFile(policy);
  if (rules?.ok === false) return fail([`--policy: ${quote(policy ?? '', 256)} ${rules.problem}`], 2);
  const injection = {
    ...injectionSettings(settings.values),
    ...(rules === undefined ? {} : { policy: rules.value }),
    native: nativeWithoutCluster(settings.values['native-variables']),
    sidecars: sidecarsWithoutCluster(settings.values['native-sidecars']),
  };
  const outputs: RenderedText[] = [];
  const problems: string[] = [];
  for (const name of file) {
    const source = readSource(name);
    if (!source.ok) {
      problems.push(`${sourceName(name)}: ${source.problem}`);
      continue;
    }
    const rendered = renderText(source.value, namespace, injection);
    if (rendered.ok) {
      outputs.push(rendered.value);
      problems.push(...denials(name, rendered.value));
    } else problems.push(unreadable(name, rendered.problem));
  }
  // All or nothing: otherwise people could apply half of the manifests unnoticed.
  if (problems.length > 0) return fail(problems, 1);
  const text = patch ? patches(outputs) : joinFiles(outputs.map((output) => output.text));
  if (text === undefined)
    return fail(['kubectl cannot read these files as one stream: render each of them separately'], 1);
  for (const [index, output] of outputs.entries()) warn(file[index] ?? '-', output);
  process.stdout.write(text);
  return 0;
}

/** Ignores the variables of other settings, which are also set in the webhook's own pod. */
function knownVariables(env: Environment): Environment {
  const known = new Set(Object.keys(RENDER_SETTINGS).map(variableName));
  return Object.fromEntries(Object.entries(env).filter(([name]) => known.has(name)));
}

function unreadable(name: string, { line, column, wrong }: UnreadableText): string {
  return `${sourceName(name)}:${line}:${column}: ${wrong}`;
}

function denials(name: string, rendered: RenderedText): readonly string[] {
  return rendered.objects.flatMap(({ object, outcome }) =>
    outcome.kind === 'denied'
      ? outcome.problems.map((problem) => `${sourceName(name)}: ${object}: ${formatProblem(problem)}`)
      : [],
  );
}

function warn(name: string, rendered: RenderedText): void {
  for (const { object, outcome } of rendered.objects) {
    if (outcome.kind !== 'injected' && outcome.kind !== 'unchanged') continue;
    for (const warning of outcome.warnings) process.stderr.write(`warning: ${object}: ${warning}\n`);
  }
  for (const warning of rendered.warnings) process.stderr.write(`warning: ${sourceName(name)}: ${warning}\n`);
  for (const note of rendered.notes) process.stderr.write(`note: ${sourceName(name)}: ${note}\n`);
}

function patches(outputs: readonly RenderedText[]): string {
  const list = outputs.flatMap((output) =>
    output.objects.map(({ object, outcome, operations }) => ({
      object,
      outcome: outcome.kind,
      ...(outcome.kind === 'unchanged' ? { reason: outcome.reason } : {}),
      operations,
    })),
  );
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `render: ${problem}\n`).join(''));
  return code;
}
