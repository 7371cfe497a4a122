/** docs/reference/metrics.md lists every metric and every reason. */
import { expect, it } from 'vitest';
import { REASONS } from '../../../src/core/decide/outcome.ts';
import { RefreshMetrics } from '../../../src/fetcher/refresh/refresh-metrics.ts';
import { makeRolloutMetrics } from '../../../src/rollout/metrics.ts';
import { makeMetrics } from '../../../src/webhook/metrics.ts';
import { readPage } from './page.ts';

const PAGE = readPage('docs/reference/metrics.md');

/** The metrics of a sidecar. */
function sidecarMetrics(): string {
  const start = {
    seconds: 30,
    lookSeconds: 30,
    statusFile: '',
    root: '/',
    arns: [],
    versions: [],
    isRestart: false,
    port: 0,
  };
  return new RefreshMetrics(start, { wall: () => 0, monotonic: () => 0 }).text;
}

it('lists the metrics', async () => {
  const all = (await makeMetrics().render()) + (await makeRolloutMetrics().render()) + sidecarMetrics();
  const exported = all.matchAll(/^# TYPE (secrets_injector_\w+)/gm);
  const listed = PAGE.matchAll(/^\| `(secrets_injector_\w+)`/gm);
  expect([...listed].map(([, name]) => name).sort()).toEqual([...exported].map(([, name]) => name).sort());
});

it('lists the reasons', () => {
  const listed = [...PAGE.matchAll(/^\| `([a-z-]+)` \| [A-Z]/gm)].map(([, reason]) => reason);
  for (const reason of Object.keys(REASONS)) expect(listed).toContain(reason);
});
