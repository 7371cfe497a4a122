/** The calls of fleets over time, as an SVG with one panel for each scenario. */
import { chart, frame, steps, topOf } from '../chart-parts.ts';
import type { FleetRun } from './fleet.ts';
import { type Load, loadOf, total } from './load.ts';
import type { Scenario } from './scenarios.ts';
import type { Call } from './service.ts';

export interface ChartRow {
  readonly scenario: Scenario;
  readonly run: FleetRun;
  /** The same fleet without jitter. */
  readonly withoutJitter: FleetRun;
}

const SECONDS = 60;

const CURVES = [
  { name: 'calls per second', style: 'all', width: 176 },
  { name: 'accepted', style: 'accepted', width: 124 },
  { name: 'throttled or refused', style: 'rejected', width: 210 },
  { name: 'calls without jitter, for comparison', style: 'fixed', width: 0 },
];

/** Draws the chart. The same runs give the same text. */
export function drawChart(rows: readonly ChartRow[]): string {
  return chart({
    title: 'Calls per second of 1,000 fetchers that start together',
    description: `After the first seconds, the calls come down towards the limit of the service, which is used in full, and no
    waves form. Without jitter, the same fetchers would call in waves.`,
    curves: CURVES,
    panels: rows.map(panel),
  });
}

function panel({ scenario, run, withoutJitter }: ChartRow, index: number): string {
  const loads = loadOf(callsOf(run, scenario), 1000);
  const axes = { top: topOf(index), end: SECONDS, mostCalls: 10_000 };
  return [
    frame(
      scenario.name,
      axes,
      [0, 10, 20, 30, 40, 50, 60].map((second) => [second, `${second} s`]),
    ),
    steps('fixed', loadOf(callsOf(withoutJitter, scenario), 1000).map(total), axes),
    steps(
      'rejected',
      loads.map(({ throttled, refused }) => throttled + refused),
      axes,
    ),
    steps('all', loads.map(total), axes),
    steps(
      'accepted',
      loads.map(({ accepted }: Load) => accepted),
      axes,
    ),
  ].join('\n');
}

/** Calls to the limited service; in an outage, calls to both, because fetchers that wait for it sign in. */
function callsOf(run: FleetRun, { limited, options }: Scenario): readonly Call[] {
  return options.outage === undefined ? run[limited] : [...run.sts, ...run.secretsManager];
}
