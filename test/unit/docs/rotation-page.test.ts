/** The chart and the tables of docs/guides/rotation.md, from the code that looks for new versions and the table of quotas. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { estimateCalls } from '../../../src/core/advice/estimate.ts';
import { formatCount, formatDollars, formatPercent, formatRate } from '../../../src/core/advice/figures.ts';
import { PRICES, QUOTAS } from '../../../src/core/advice/quotas.ts';
import { formatDuration } from '../../../src/core/duration.ts';
import { type ChartRow, drawChart } from '../../fetcher/sidecars/chart.ts';
import { SCENARIOS } from '../../fetcher/sidecars/scenarios.ts';
import { runSidecars, type SidecarsRun } from '../../fetcher/sidecars/sidecars.ts';
import { code, expectParts, ROOT, table } from './page.ts';

const CHART = path.join(ROOT, 'docs/guides/rotation-calls.svg');
const SEED = 1;
const INTERVALS = [30, 60, 300, 900, 3600, 24 * 3600];
/** As many as the pods of the scenarios have. */
const SECRETS = ['a', 'b', 'c'].map((arn) => ({ arn, region: 'eu-west-1' }));

let rows: readonly ChartRow[];
beforeAll(() => {
  rows = SCENARIOS.map((scenario) => {
    const options = { ...scenario.options, seed: SEED };
    return {
      scenario,
      run: runSidecars(options),
      withoutJitter: runSidecars({ ...options, withoutJitter: true }),
    };
  });
});

it('docs/guides/rotation-calls.svg is current', () => {
  const drawn = drawChart(rows);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(CHART, drawn);
  else expect(readFileSync(CHART, 'utf8')).toBe(drawn);
});

it('docs/guides/rotation.md is current', () => {
  expectParts('docs/guides/rotation.md', { quotas: quotas(), cost: cost(), scale: scale() });
});

function quotas(): string {
  return table(
    ['what', 'quota or price'],
    [
      ...Object.entries(QUOTAS).map(([call, quota]) => [`\`${call}\``, `${formatCount(quota)} per second`]),
      ['10,000 calls', formatDollars(PRICES.tenThousandCalls)],
      ['a secret for a month', formatDollars(PRICES.secretMonth)],
    ],
  );
}

/** For the pods of the scenarios, and for few of them. */
function cost(): string {
  const estimate = (count: number, seconds: number) =>
    estimateCalls({ count, secrets: SECRETS, refresh: { seconds, check: 'describe' } })[0]?.refresh;
  return table(
    ['`refresh`', '100 pods', '10,000 pods', 'calls per second', 'of the quota'],
    INTERVALS.map((seconds) => {
      const [few, many] = [estimate(100, seconds), estimate(10_000, seconds)];
      return [
        code(formatDuration(seconds)),
        formatDollars(few?.dollarsPerMonth ?? 0),
        formatDollars(many?.dollarsPerMonth ?? 0),
        formatRate(many?.callsPerSecond ?? 0),
        formatPercent(many?.shareOfQuota ?? 0),
      ];
    }),
  );
}

function scale(): string {
  return table(
    [
      'scenario',
      '`DescribeSecret` (of the quota)',
      '`GetSecretValue` (of the quota)',
      '`DescribeSecret` without jitter',
      'all pods are up to date',
    ],
    rows.map(({ scenario, run, withoutJitter }) => {
      const { outage, rotation } = scenario.options;
      const from = outage?.from ?? rotation ?? 0;
      return [
        scenario.name,
        busiest(run.calls.DescribeSecret.slice(from), QUOTAS.DescribeSecret),
        busiest(run.calls.GetSecretValue.slice(from), QUOTAS.GetSecretValue),
        formatCount(Math.max(...withoutJitter.calls.DescribeSecret.slice(from))),
        upToDate(scenario.options, run),
      ];
    }),
  );
}

/** The most calls in one second. */
function busiest(perSecond: readonly number[], quota: number): string {
  const most = Math.max(...perSecond);
  return `${formatCount(most)} (${formatPercent(most / quota)})`;
}

function upToDate({ outage, rotation }: ChartRow['scenario']['options'], run: SidecarsRun): string {
  if (outage !== undefined) return `${Math.ceil(Math.max(...run.recovered) - outage.to)} s after its end`;
  if (rotation !== undefined) return `${Math.ceil(Math.max(...run.found) - rotation)} s after the rotation`;
  return '–';
}
