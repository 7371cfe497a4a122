/** The `render` command: reads manifests and prints them with the injection applied. */
import { readFileSync, statSync } from 'node:fs';
import { formatProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import { renderSettingsHelp } from '../../runtime/settings/help.ts';
import {
  checkInjection,
  INJECTION_SETTINGS,
  injectionSettings,
  nativeWithoutCluster,
} from '../../runtime/settings/injection.ts';
import { type Kind, SWITCH } from '../../runtime/settings/kinds.ts';
import {
  type Environment,
  optional,
  readSettings,
  setting,
  variableName,
} from '../../runtime/settings/settings.ts';
import { VERSION } from '../../runtime/version.ts';
import { type RenderedText, renderText, type UnreadableText } from '../manifests/render-text.ts';

const FILES: Kind<readonly string[]> = {
  placeholder: 'path',
  expects: 'the path of a file, or - for standard input; can be set several times',
  parse: (text) => [text],
  merge: (lists) => lists.flat(),
};

const NAMESPACE: Kind<string> = {
  placeholder: 'name',
  expects: 'the name of a namespace',
  parse: (text) => (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text) ? text : undefined),
};

const RENDER_SETTINGS = {
  file: optional(FILES, 'Manifests to read (short: -f). The default is standard input.'),
  patch: setting(SWITCH, false, 'Print the JSON Patch of each object instead of the manifests.'),
  namespace: setting(NAMESPACE, 'default', 'Namespace of objects without metadata.namespace.'),
  ...INJECTION_SETTINGS,
  image: { ...INJECTION_SETTINGS.image, fallback: `aws-secrets-injector:${VERSION}` },
};

const LARGEST = 64 * 1024 * 1024;

/** Runs the command. @returns 0; 1 if a pod would be denied or a file cannot be read; 2 for invalid flags */
export async function runRender(argv: readonly string[]): Promise<number> {
  const args = argv.map((arg) => (arg === '-f' ? '--file' : arg));
  const settings = readSettings(RENDER_SETTINGS, args, knownVariables(process.env), checkInjection);
  if (settings.kind === 'help') {
    process.stdout.write(
      `Usage: aws-secrets-injector render [-f FILE]… [options]\n\n${renderSettingsHelp(RENDER_SETTINGS)}\n`,
    );
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { file = ['-'], patch, namespace } = settings.values;
  const injection = {
    ...injectionSettings(settings.values),
    native: nativeWithoutCluster(settings.values['native-variables']),
  };
  const outputs: RenderedText[] = [];
  const problems: string[] = [];
  for (const name of file) {
    const source = readSource(name);
    if (source === undefined) {
      problems.push(`${quote(name, 200)} cannot be read, or is larger than ${LARGEST / 2 ** 20} MiB`);
      continue;
    }
    const rendered = renderText(source, namespace, injection);
    if (rendered.ok) {
      outputs.push(rendered.value);
      problems.push(...denials(name, rendered.value));
    } else problems.push(unreadable(name, rendered.problem));
  }
  // All or nothing: otherwise people could apply half of the manifests unnoticed.
  if (problems.length > 0) return fail(problems, 1);
  for (const output of outputs) warn(output);
  process.stdout.write(
    patch ? patches(outputs) : outputs.map((output) => output.text).join(outputs.length > 1 ? '---\n' : ''),
  );
  return 0;
}

/** Ignores the variables of other settings, which are also set in the webhook's own pod. */
function knownVariables(env: Environment): Environment {
  const known = new Set(Object.keys(RENDER_SETTINGS).map(variableName));
  return Object.fromEntries(Object.entries(env).filter(([name]) => known.has(name)));
}

function readSource(name: string): string | undefined {
  try {
    if (name === '-') return readFileSync(0, 'utf8');
    return statSync(name).size > LARGEST ? undefined : readFileSync(name, 'utf8');
  } catch {
    return undefined;
  }
}

function unreadable(name: string, where: UnreadableText): string {
  const what =
    where.code === 'TOO_MANY_ALIASES' ? 'has too many aliases' : `is not valid YAML (${where.code})`;
  return `${name === '-' ? 'standard input' : name}:${where.line}:${where.column}: ${what}`;
}

function denials(name: string, rendered: RenderedText): readonly string[] {
  return rendered.objects.flatMap(({ object, outcome }) =>
    outcome.kind === 'denied'
      ? outcome.problems.map((problem) => `${name}: ${object}: ${formatProblem(problem)}`)
      : [],
  );
}

function warn(rendered: RenderedText): void {
  for (const { object, outcome } of rendered.objects) {
    if (outcome.kind !== 'injected' && outcome.kind !== 'unchanged') continue;
    for (const warning of outcome.warnings) process.stderr.write(`warning: ${object}: ${warning}\n`);
  }
  for (const note of rendered.notes) process.stderr.write(`note: ${note}\n`);
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
