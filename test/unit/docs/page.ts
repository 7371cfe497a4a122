/** Pages of docs/ with generated parts between `<!-- NAME: … -->` and `<!-- end of NAME -->`. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

export const ROOT = path.resolve(import.meta.dirname, '../../..');
const SECTION = /(<!-- ([\w-]+): [^\n]*-->\n).*?(<!-- end of \2 -->)/gs;

/** The text of a file of the project. */
export function readPage(page: string): string {
  return readFileSync(path.join(ROOT, page), 'utf8');
}

/** Expects a page to have exactly these generated parts; with UPDATE_DOCS=1 writes them. */
export function expectParts(page: string, parts: Readonly<Record<string, string>>): void {
  const text = readPage(page);
  expect([...text.matchAll(SECTION)].map((match) => match[2])).toEqual(Object.keys(parts));
  const current = text.replace(
    SECTION,
    (_, begin: string, name: string, end: string) => `${begin}\n${parts[name]?.trimEnd()}\n\n${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(ROOT, page), current);
  else expect(text).toBe(current);
}

/** A Markdown table. Bars within cells are escaped: GitHub requires that within code too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeBar).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapeBar(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

/** Text as code, even if it contains backticks. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
