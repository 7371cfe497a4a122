/** The chart and the tables of docs/internals/retries.md, from the code that retries. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ERRORS } from '../../../src/aws/calls/errors.ts';
import { type FailureClass, pauseBefore } from '../../../src/aws/calls/retry.ts';
import { type ChartRow, drawChart } from '../../fetcher/fleet/chart.ts';
import { type FleetRun, runFleet } from '../../fetcher/fleet/fleet.ts';
import { loadOf, total } from '../../fetcher/fleet/load.ts';
import { SCENARIOS } from '../../fetcher/fleet/scenarios.ts';
import { code, expectParts, ROOT, table } from './page.ts';

const CHART = path.join(ROOT, 'docs/internals/retries.svg');
const SEED = 1;
/** Longer than any pause. */
const NO_DEADLINE = 1e9;

let rows: readonly ChartRow[];
beforeAll(async () => {
  const drawn: ChartRow[] = [];
  for (const scenario of SCENARIOS) {
    const options = { ...scenario.options, seed: SEED };
    const withoutJitter = await runFleet({ ...options, withoutJitter: true });
    drawn.push({ scenario, run: await runFleet(options), withoutJitter });
  }
  rows = drawn;
});

it('docs/internals/retries.svg is current', () => {
  const drawn = drawChart(rows);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(CHART, drawn);
  else expect(readFileSync(CHART, 'utf8')).toBe(drawn);
});

it('docs/internals/retries.md is current', () => {
  expectParts('docs/internals/retries.md', { classes: classes(), fleet: fleet() });
});

const ALWAYS: Readonly<Record<FailureClass, string>> = {
  transient: 'failures of the network, answers of something other than AWS, status 408, 500 and above; ',
  throttled: 'status 429; ',
  settling:
    'a KMS key that cannot be used, an OIDC provider that is missing or lacks the audience, session tags that are denied; ',
  final: 'all other codes, such as ',
};

function classes(): string {
  return table(
    ['class', 'first pause', 'longest pause', 'tries', 'errors'],
    (Object.keys(ALWAYS) as FailureClass[]).map((kind) => {
      const codes = Object.entries(ERRORS).flatMap(([name, row]) => (row.retry === kind ? [code(name)] : []));
      const tries = {
        transient: 'until the deadline',
        throttled: 'until the deadline',
        settling: '4',
        final: '1',
      };
      return [
        kind,
        kind === 'final' ? '–' : pauses(kind, 0),
        kind === 'final' ? '–' : pauses(kind, 100),
        tries[kind],
        `${ALWAYS[kind]}${codes.join(', ')}`,
      ];
    }),
  );
}

/** The shortest and the longest pause after a number of failures. */
function pauses(kind: Exclude<FailureClass, 'final'>, failures: number): string {
  const [least, most] = [0, 1].map((random) => pauseBefore(kind, failures, random, NO_DEADLINE) / 1000);
  return `${least}–${most} s`;
}

function fleet(): string {
  return table(
    ['scenario', 'finished', 'median', 'last', 'calls', 'without jitter'],
    rows.map(({ scenario, run, withoutJitter }) => {
      const ends = run.members.map(({ startedAt, endedAt }) => endedAt - startedAt).toSorted((a, b) => a - b);
      return [
        scenario.name,
        finished(run),
        seconds(ends[ends.length >> 1]),
        seconds(ends.at(-1)),
        busiest(run, scenario.limited),
        `${finished(withoutJitter)} finished`,
      ];
    }),
  );
}

function finished({ members }: FleetRun): string {
  const count = members.filter(({ problems }) => problems.length === 0).length;
  return count === members.length ? 'all' : `${count}`;
}

/** The most calls in one second, and in one of the seconds from the tenth after the first call. */
function busiest(run: FleetRun, service: 'sts' | 'secretsManager'): string {
  const counts = loadOf(run[service], 1000).map(total);
  const begin = counts.findIndex((count) => count > 0);
  const later = counts.slice(begin + 10);
  return `${Math.max(...counts)} per second, ${Math.max(...later)} after 10 s`;
}

function seconds(milliseconds = 0): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
