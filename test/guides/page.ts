/** The commands of a guide, in the order in which a reader runs them, with the files and outputs that the guide shows. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** What the page shows as the output of commands. */
export interface Output {
  readonly text: string;
  /** The offset in the page. */
  readonly at: number;
}

/** A file that the reader saves, or commands with the output that follows them. */
export type Step =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'commands'; readonly commands: readonly string[]; readonly output: Output | undefined };

export interface Guide {
  readonly page: string;
  readonly text: string;
  readonly steps: readonly Step[];
  /** Commands within the text, above all in tables. */
  readonly inline: readonly string[];
}

const BLOCK = /^( *)```(\w*)\n(.*?)^ *```$/gms;
/** The sentence before a file names it: ``Save it as `abac.json`:``. */
const SAVED = /\bSave\b[^.]*?`([\w-]+\.(?:json|yaml))`[^:]*:\n\s*$/;
const PROGRAM = /^(?:aws|kubectl|helm|kustomize|eksctl|scripts\/aws-secrets-injector|aws-secrets-injector) /;

/** Reads a guide. @param page path within the project */
export function readGuide(page: string): Guide {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  const steps: Step[] = [];
  let end = 0;
  for (const match of text.matchAll(BLOCK)) {
    const [whole, indent = '', language = '', body = ''] = match;
    const before = text.slice(end, match.index);
    const content = body.replace(new RegExp(`^${indent}`, 'gm'), '');
    const name = SAVED.exec(before)?.[1];
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ kind: 'commands', commands: commandsOf(content), output: undefined });
    else if (name !== undefined) steps.push({ kind: 'file', name, text: content });
    else if (last?.kind === 'commands' && before.trim() === '')
      steps.splice(-1, 1, {
        ...last,
        output: { text: content, at: match.index + whole.indexOf('\n') + 1 },
      });
    end = match.index + whole.length;
  }
  return { page, text, steps, inline: inlineOf(text.replace(BLOCK, '')) };
}

/** The page with other outputs. @param outputs by the number of the step; the others stay */
export function withOutputs({ text, steps }: Guide, outputs: ReadonlyMap<number, string>): string {
  // From the end, so that the offsets stay right.
  return [...steps.entries()].reduceRight((page, [index, step]) => {
    const printed = outputs.get(index);
    if (printed === undefined || step.kind !== 'commands' || step.output === undefined) return page;
    const { at, text: shown } = step.output;
    return page.slice(0, at) + printed + page.slice(at + shown.length);
  }, text);
}

/** Writes the page if the variable UPDATE_DOCS asks for it. @returns whether it did */
export function updatePage({ page }: Guide, text: string): boolean {
  if (process.env['UPDATE_DOCS'] !== '1') return false;
  writeFileSync(path.join(ROOT, page), text);
  return true;
}

/** One command a line; a backslash continues it, and comments are left out. */
function commandsOf(block: string): readonly string[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function inlineOf(text: string): readonly string[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span.replaceAll('\\|', '|'));
  return [...new Set(spans.filter((span) => PROGRAM.test(span)))];
}
