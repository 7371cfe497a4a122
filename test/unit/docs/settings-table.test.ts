/** The reference of settings is made from the definitions. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { renderSettingsTable } from '../../../src/runtime/settings-help.ts';
import { WEBHOOK_SETTINGS } from '../../../src/webhook/settings.ts';

const PAGE = path.resolve(import.meta.dirname, '../../../docs/operations.md');
const SECTION = /(<!-- settings: [^\n]*-->\n).*?(<!-- end of settings -->)/s;

it('docs/operations.md lists the settings as they are', () => {
  const page = readFileSync(PAGE, 'utf8');
  const current = page.replace(
    SECTION,
    (_, begin, end) => `${begin}\n${renderSettingsTable(WEBHOOK_SETTINGS)}\n${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, current);
  expect(page).toMatch(SECTION);
  if (process.env['UPDATE_DOCS'] !== '1') expect(page).toBe(current);
});
