/** docs/reference/metrics.md lists every metric and every reason. */
import { expect, it } from 'vitest';
import { REASONS } from '../../../src/core/decide/outcome.ts';
import { makeMetrics } from '../../../src/webhook/metrics.ts';
import { readPage } from './page.ts';

const PAGE = readPage('docs/reference/metrics.md');

it('lists the metrics', async () => {
  const exported = (await makeMetrics().render()).matchAll(/^# TYPE (secrets_injector_\w+)/gm);
  const listed = PAGE.matchAll(/^\| `(secrets_injector_\w+)`/gm);
  expect([...listed].map(([, name]) => name).sort()).toEqual([...exported].map(([, name]) => name).sort());
});

it('lists the reasons', () => {
  const listed = [...PAGE.matchAll(/^\| `([a-z-]+)` \| [A-Z]/gm)].map(([, reason]) => reason);
  for (const reason of Object.keys(REASONS)) expect(listed).toContain(reason);
});
