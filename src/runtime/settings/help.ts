/** Prints the help of a program, and its settings for the reference page. */
import type { Definitions } from './settings.ts';
import { REQUIRED, type Setting, variableName } from './settings.ts';

/** The least width that terminals have. */
const COLUMNS = 80;
const INDENT = '      ';
const NOT_SET = 'not set';

/** What the help of a command says. Shell completion and manual pages use it as well. */
export interface CommandHelp {
  /** After the name of the program, such as `render [-f FILE]… [flags]`. */
  readonly usage: string;
  /** Paragraphs, separated by empty lines. */
  readonly about?: string;
  /** Command lines. */
  readonly examples?: readonly string[];
  readonly settings: Definitions;
  /** Whether the command also reads environment variables. */
  readonly variables: boolean;
}

/** The text of `--help`, at most 80 columns wide. */
export function formatHelp({ usage, about, examples = [], settings, variables }: CommandHelp): string {
  const paragraphs = about?.split(/\n\s*\n/) ?? [];
  return [
    `Usage: aws-secrets-injector ${usage}`,
    ...paragraphs.map((text) => wrap(text.trim().replace(/\s+/g, ' '), '')),
    ...(examples.length > 0 ? ['Examples:', examples.map((line) => `  ${line}`).join('\n')] : []),
    renderSettingsHelp(settings, { variables }),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

/**
 * The flags of a program, one paragraph for each, for a terminal.
 * @param variables whether the program also reads environment variables
 */
export function renderSettingsHelp(definitions: Definitions, { variables } = { variables: true }): string {
  const entries = Object.entries(definitions).map(([name, setting]) => {
    const { placeholder } = setting.kind;
    const head = `  --${name}${placeholder === '' ? '' : ` <${placeholder}>`}`;
    return `${head}\n${wrap(`${setting.doc}${defaultText(setting)}`)}`;
  });
  const example = variableName(Object.keys(definitions)[0] ?? 'name');
  return [
    ...entries,
    `  --help, -h\n${wrap('Print this help and exit.')}`,
    ...(variables
      ? [
          wrap(
            `Each flag can also be set with an environment variable, such as ${example}. A flag takes precedence, and an empty variable is ignored.`,
            '',
          ),
        ]
      : []),
  ].join('\n');
}

/** The same as rows of a Markdown table. */
export function renderSettingsTable(definitions: Definitions): string {
  const rows = Object.entries(definitions).map(([name, setting]) =>
    [
      `\`--${name}\`<br>\`${variableName(name)}\``,
      setting.fallback === REQUIRED ? 'required' : `\`${defaultOf(setting)}\``,
      `${setting.doc} Accepts ${setting.kind.expects}.`,
    ]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | '),
  );
  return [
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n');
}

/** Empty for a setting without a default. */
function defaultText(setting: Setting<unknown>): string {
  if (setting.fallback === REQUIRED) return ' (required)';
  const text = settingDefault(setting);
  return text === undefined ? '' : ` (default: ${text})`;
}

/** The default as text; undefined for a setting without one. */
export function settingDefault(setting: Setting<unknown>): string | undefined {
  const text = defaultOf(setting);
  return text === NOT_SET ? undefined : text;
}

function defaultOf({ fallback, kind }: Setting<unknown>): string {
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) return NOT_SET;
  return kind.show?.(fallback) ?? String(fallback);
}

/** Breaks a text into lines of at most 80 columns. */
export function wrap(text: string, indent = INDENT): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + word.length > COLUMNS && line !== indent) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}
