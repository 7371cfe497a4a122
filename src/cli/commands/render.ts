/** The `render` command: reads manifests and prints them with the injection applied. */
import { formatProblem } from '../../core/problems/problems.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { checkInjection } from '../../runtime/settings/injection.ts';
import { SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, readSettings, setting } from '../../runtime/settings/settings.ts';
import { joinFiles } from '../manifests/join-files.ts';
import { type RenderedText, renderText, type UnreadableText } from '../manifests/render-text.ts';
import { FILES, readSource, sourceName, withFileFlag } from '../manifests/sources.ts';
import { flaggedSettings, INJECTION_FLAGS, knownVariables } from './injection-flags.ts';

const RENDER_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to read (short: -f). Can be set several times. By default, standard input.',
  ),
  patch: setting(SWITCH, false, 'Print the JSON Patch of each object instead of the manifests.'),
  ...INJECTION_FLAGS,
};

export const RENDER_HELP: CommandHelp = {
  usage: 'render [-f FILE]… [flags]',
  about: `Prints manifests with the injection applied to pods and pod templates: Pod, Deployment, StatefulSet,
DaemonSet, ReplicaSet, Job, CronJob, List, and every other kind with a pod template at spec.template,
such as an Argo Rollout or a Knative Service. Reports annotations in other places on standard error.
Reads YAML and JSON as kubectl does.`,
  examples: [
    'aws-secrets-injector render -f web.yaml',
    'aws-secrets-injector render -f web.yaml --patch',
    'kustomize build overlays/production | aws-secrets-injector render',
  ],
  settings: RENDER_SETTINGS,
  variables: true,
};

/** Runs the command. @returns 0; 1 if a pod would be denied or a file cannot be read; 2 for invalid flags or an invalid policy */
export async function runRender(argv: readonly string[]): Promise<number> {
  const settings = readSettings(
    RENDER_SETTINGS,
    withFileFlag(argv),
    knownVariables(process.env, RENDER_SETTINGS),
    checkInjection,
  );
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(RENDER_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { file = ['-'], patch, namespace } = settings.values;
  const injection = flaggedSettings(settings.values);
  if (!injection.ok) return fail([injection.problem], 2);
  const outputs: RenderedText[] = [];
  const problems: string[] = [];
  for (const name of file) {
    const source = readSource(name);
    if (!source.ok) {
      problems.push(`${sourceName(name)}: ${source.problem}`);
      continue;
    }
    const rendered = renderText(source.value, namespace, injection.value);
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
