/** The code that writes the files generates the examples and the table of docs/reference/formats.md. */
import { it } from 'vitest';
import { DIALECTS, writeVariables } from '../../../src/core/formats/index.ts';
import { VALUE_CLASSES, verdictOf, WAYS } from '../../readers/classes.ts';
import { expectParts, table } from './page.ts';

const EXAMPLE = [
  { name: 'DB_USER', value: 'app' },
  { name: 'DB_PASSWORD', value: "it's # 1" },
];

function examples(): string {
  return DIALECTS.map((dialect) => {
    const written = writeVariables(dialect, EXAMPLE);
    if (!written.ok) throw new Error(`${dialect} cannot write the example`);
    const lines = written.value.trimEnd().split('\n');
    return `\`${dialect}\`\n\n${lines.map((line) => `    ${line}`).join('\n')}\n`;
  }).join('\n');
}

it('docs/reference/formats.md is current', () => {
  expectParts('docs/reference/formats.md', {
    examples: examples(),
    table: table(
      ['value', ...WAYS.map((way) => `\`${way}\``)],
      VALUE_CLASSES.map((one) => [one.name, ...WAYS.map((way) => verdictOf(way, one))]),
    ),
  });
});
