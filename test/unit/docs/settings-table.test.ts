/** docs/reference/settings.md is generated from the definitions. */
import { it } from 'vitest';
import { ROLLOUT_SETTINGS } from '../../../src/rollout/settings.ts';
import { renderSettingsTable } from '../../../src/runtime/settings/help.ts';
import { WEBHOOK_SETTINGS } from '../../../src/webhook/settings.ts';
import { expectParts } from './page.ts';

it('docs/reference/settings.md is current', () => {
  expectParts('docs/reference/settings.md', {
    settings: renderSettingsTable(WEBHOOK_SETTINGS),
    'rollout-settings': renderSettingsTable(ROLLOUT_SETTINGS),
  });
});
