/** Generated sections of manifests: list items of YAML between the comments that `begin` and `end` return. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { MANIFESTS } from './manifest-files.ts';

const COMMAND = 'UPDATE_MANIFESTS=1 ./scripts/test unit';
const SECTION = /^( *)# generated: (\S+) .*\n([\s\S]*?)^ *# end of \2$/gm;

/**
 * Expects a manifest to have exactly these generated sections; with UPDATE_MANIFESTS=1, writes them.
 * @param file relative to manifests/
 * @param sections the YAML of each section by its name, not indented
 */
export function expectSections(file: string, sections: Readonly<Record<string, string>>): void {
  const absolute = path.join(MANIFESTS, file);
  const text = readFileSync(absolute, 'utf8');
  expect(
    [...text.matchAll(SECTION)].map((match) => match[2]),
    `generated sections of manifests/${file}`,
  ).toEqual(Object.keys(sections));
  const current = text.replace(SECTION, (_whole, indent: string, name: string) =>
    [
      `# generated: ${name} (update with ${COMMAND})`,
      ...(sections[name] ?? '').trimEnd().split('\n'),
      `# end of ${name}`,
    ]
      .map((line) => indent + line)
      .join('\n'),
  );
  if (text === current) return;
  if (process.env['UPDATE_MANIFESTS'] === '1') writeFileSync(absolute, current);
  else expect(text, `manifests/${file} is out of date: run ${COMMAND}`).toBe(current);
}
