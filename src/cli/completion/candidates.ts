/** What can follow on a command line, as shells ask while somebody types. */
import type { CommandHelp } from '../../runtime/settings/help.ts';
import type { Definitions } from '../../runtime/settings/settings.ts';

/** A command as the completion sees it. */
export interface CompletableCommand {
  readonly summary: string;
  readonly load: () => Promise<{ readonly help?: CommandHelp }>;
  /** Whether it is a program that runs in the cluster: its flags are not completed. */
  readonly isProgram?: true;
}

export type CompletableCommands = Readonly<Record<string, CompletableCommand>>;

/** A word, with its description. */
export interface Candidate {
  readonly word: string;
  readonly text: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether the name of a file can follow. */
  readonly files: boolean;
}

const NOTHING: Completion = { candidates: [], files: false };
const HELP: Candidate = { word: '--help', text: 'Print the help of the command.' };
const VERSION: Candidate = { word: '--version', text: 'Print the version.' };
/** The kinds of values that are names of files. */
const PATHS: ReadonlySet<string> = new Set(['path', 'file', 'folder', 'directory']);

/**
 * Completes the last word.
 * @param words after the name of the program; the last one is the one at the cursor, and can be empty
 */
export async function complete(commands: CompletableCommands, words: readonly string[]): Promise<Completion> {
  const last = words.at(-1) ?? '';
  if (words.length <= 1) {
    const names = Object.entries(commands).map(([word, { summary }]) => ({ word, text: summary }));
    return starting(last, [...names, HELP, VERSION]);
  }
  const [name = '', ...args] = words;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const settings = command?.isProgram ? undefined : (await command?.load())?.help?.settings;
  if (settings === undefined) return NOTHING;
  const [, flag, part] = /^--([^=]+)=(.*)$/s.exec(last) ?? [];
  if (flag !== undefined && part !== undefined) return valuesOf(settings, flag, part, `--${flag}=`);
  const previous = args.at(-2) ?? '';
  const awaiting = previous === '-f' ? 'file' : previous.startsWith('--') ? previous.slice(2) : '';
  const needsValue = Object.hasOwn(settings, awaiting) && settings[awaiting]?.kind.placeholder !== '';
  return needsValue ? valuesOf(settings, awaiting, last, '') : starting(last, flagsOf(settings));
}

function flagsOf(settings: Definitions): readonly Candidate[] {
  const flags = Object.entries(settings).map(([name, { doc }]) => ({
    word: `--${name}`,
    text: firstSentence(doc),
  }));
  return [...flags, HELP];
}

/** @param before what the word contains before the value */
function valuesOf(settings: Definitions, flag: string, part: string, before: string): Completion {
  const placeholder = Object.hasOwn(settings, flag) ? settings[flag]?.kind.placeholder : undefined;
  if (placeholder === undefined) return NOTHING;
  if (PATHS.has(placeholder)) return { candidates: [], files: true };
  // A choice has its words as the placeholder.
  const words = placeholder.includes('|') ? placeholder.split('|') : [];
  return starting(
    `${before}${part}`,
    words.map((word) => ({ word: `${before}${word}`, text: '' })),
  );
}

function starting(part: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ word }) => word.startsWith(part)), files: false };
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/s.exec(text)?.[0] ?? text;
}

/**
 * A completion in the form that kubectl expects of its plugins: a candidate in each line, with its description after a tab,
 * and the directive of Cobra: 4 if no names of files can follow, otherwise 0.
 */
export function formatCompletion({ candidates, files }: Completion): string {
  const lines = candidates.map(({ word, text }) => (text === '' ? word : `${word}\t${text}`));
  return [...lines, `:${files ? 0 : 4}`, ''].join('\n');
}
