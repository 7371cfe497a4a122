/** The examples and the table of dialects are made by what writes the files. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DIALECTS, writeVariables } from '../../../src/core/dialects/index.ts';
import { VALUE_CLASSES, verdictOf, WAYS } from '../../readers/classes.ts';

const PAGE = path.resolve(import.meta.dirname, '../../../docs/dialects.md');
const SECTION = /(<!-- (\w+): [^\n]*-->\n).*?(<!-- end of \2 -->)/gs;

const EXAMPLE = [
  { name: 'DB_USER', value: 'app' },
  { name: 'DB_PASSWORD', value: "it's # 1" },
];

function examples(): string {
  return DIALECTS.map((dialect) => {
    const written = writeVariables(dialect, EXAMPLE);
    if ('faults' in written) throw new Error(`${dialect} cannot write the example`);
    const lines = written.text.trimEnd().split('\n');
    return `\`${dialect}\`\n\n${lines.map((line) => `    ${line}`).join('\n')}\n`;
  }).join('\n');
}

function table(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['value', ...WAYS.map((way) => `\`${way}\``)]),
    row(['---', ...WAYS.map(() => '---')]),
    ...VALUE_CLASSES.map((one) => row([one.name, ...WAYS.map((way) => verdictOf(way, one))])),
  ].join('\n');
}

it('docs/dialects.md shows the dialects as they are', () => {
  const page = readFileSync(PAGE, 'utf8');
  const parts: Readonly<Record<string, string>> = { examples: examples(), table: `${table()}\n` };
  const current = page.replace(
    SECTION,
    (_, begin: string, name: string, end: string) => `${begin}\n${parts[name]}\n${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, current);
  expect([...page.matchAll(SECTION)].map((match) => match[2])).toEqual(Object.keys(parts));
  if (process.env['UPDATE_DOCS'] !== '1') expect(page).toBe(current);
});
