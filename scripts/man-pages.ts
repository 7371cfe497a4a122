/** Manual pages of the command line, from the same definitions as its help. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { CommandHelp } from '../src/runtime/settings/help.ts';

// As the bundles define it: defaults of settings contain the version.
Object.assign(globalThis, { __VERSION__: packageJson.version });
const { COMMANDS } = await import('../src/cli/command-table.ts');
const { settingDefault } = await import('../src/runtime/settings/help.ts');

const NAME = packageJson.name;
const SECTION = '1';

/** Text for roff: a backslash and a hyphen have meanings of their own, and so have a dot and an apostrophe at the start. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '\\&...')
    .replace(/^(?=[.'])/gm, '\\&');
}

function title(page: string): string {
  return `.TH ${page.toUpperCase().replaceAll('-', '\\-')} ${SECTION} "" "${NAME} ${packageJson.version}"`;
}

function flag([name, setting]: readonly [string, CommandHelp['settings'][string]]): readonly string[] {
  const { placeholder } = setting.kind;
  const value = placeholder === '' ? '' : ` \\fI${escaped(placeholder)}\\fR`;
  const fallback = settingDefault(setting);
  return [
    '.TP',
    `\\fB\\-\\-${escaped(name)}\\fR${value}`,
    escaped(`${setting.doc}${fallback === undefined ? '' : ` (default: ${fallback})`}`),
  ];
}

function commandPage(name: string, summary: string, help: CommandHelp): string {
  const [command = '', ...usage] = help.usage.split('\n')[0]?.split(' ') ?? [];
  const examples = help.examples ?? [];
  return [
    title(`${NAME}-${name}`),
    '.SH NAME',
    `${escaped(`${NAME}-${name}`)} \\- ${escaped(summary)}`,
    '.SH SYNOPSIS',
    `\\fB${escaped(NAME)} ${escaped(command)}\\fR ${escaped(usage.join(' '))}`,
    '.SH DESCRIPTION',
    ...(help.about ?? `${summary}.`)
      .split(/\n\s*\n/)
      .flatMap((text, index) => [...(index > 0 ? ['.PP'] : []), escaped(text.replace(/\s+/g, ' ').trim())]),
    '.SH OPTIONS',
    ...Object.entries(help.settings).flatMap(flag),
    ...(examples.length === 0 ? [] : ['.SH EXAMPLES', '.nf', ...examples.map(escaped), '.fi']),
    '.SH SEE ALSO',
    `\\fB${escaped(NAME)}\\fR(${SECTION})`,
    '',
  ].join('\n');
}

/** Writes a page for the program and one for each command that people run. @returns the names of the files */
export async function writeManPages(outDir: string): Promise<readonly string[]> {
  mkdirSync(outDir, { recursive: true });
  const pages = new Map<string, string>();
  const list: string[] = [];
  for (const [name, { summary, load, isProgram }] of Object.entries(COMMANDS)) {
    list.push('.TP', `\\fB${escaped(name)}\\fR`, escaped(`${summary}.`));
    const help = isProgram ? undefined : (await load()).help;
    if (help !== undefined) pages.set(`${NAME}-${name}.${SECTION}`, commandPage(name, summary, help));
  }
  const main = [
    title(NAME),
    '.SH NAME',
    `${escaped(NAME)} \\- inject AWS Secrets Manager secrets into Kubernetes pods`,
    '.SH SYNOPSIS',
    `\\fB${escaped(NAME)}\\fR \\fIcommand\\fR [flags]`,
    '.SH COMMANDS',
    ...list,
    '',
  ].join('\n');
  pages.set(`${NAME}.${SECTION}`, main);
  for (const [file, text] of pages) writeFileSync(path.join(outDir, file), text);
  return [...pages.keys()];
}
