/** The reference of settings is made from the definitions. */
import { it } from 'vitest';
import { renderSettingsTable } from '../../../src/runtime/settings/help.ts';
import { WEBHOOK_SETTINGS } from '../../../src/webhook/settings.ts';
import { expectParts } from './page.ts';

it('docs/operations.md lists the settings as they are', () => {
  expectParts('docs/operations.md', { settings: renderSettingsTable(WEBHOOK_SETTINGS) });
});
