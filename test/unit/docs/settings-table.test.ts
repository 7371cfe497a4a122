/** The reference of settings is made from the definitions. */
import { it } from 'vitest';
import { renderSettingsTable } from '../../../src/runtime/settings/help.ts';
import { WEBHOOK_SETTINGS } from '../../../src/webhook/settings.ts';
import { expectParts } from './page.ts';

it('docs/guides/operations.md lists the settings as they are', () => {
  expectParts('docs/guides/operations.md', { settings: renderSettingsTable(WEBHOOK_SETTINGS) });
});
