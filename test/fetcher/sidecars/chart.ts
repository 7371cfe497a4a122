/** The calls of many pods with `refresh` over time, as an SVG with one panel for each scenario. */
import { QUOTAS } from '../../../src/core/advice/quotas.ts';
import { chart, frame, PANEL, steps, topOf, yOf } from '../chart-parts.ts';
import type { Scenario } from './scenarios.ts';
import type { SidecarsRun } from './sidecars.ts';

export interface ChartRow {
  readonly scenario: Scenario;
  readonly run: SidecarsRun;
  /** The same pods without jitter. */
  readonly withoutJitter: SidecarsRun;
}

const CURVES = [
  { name: 'DescribeSecret', style: 'accepted', width: 160 },
  { name: 'GetSecretValue', style: 'rejected', width: 164 },
  { name: 'all calls without jitter, for comparison', style: 'fixed', width: 0 },
];

/** A curve has a step for so many seconds, as high as the busiest of them. */
const STEP_SECONDS = 10;

/** Draws the chart. The same runs give the same text. */
export function drawChart(rows: readonly ChartRow[]): string {
  return chart({
    title: 'Calls per second of 10,000 pods with refresh',
    description: `The looks of the pods spread over the interval, whatever happens to all of them at once, and stay far below the
    quotas of an account. Without jitter, pods that start together would call together.`,
    curves: CURVES,
    panels: rows.map(panel),
  });
}

function panel({ scenario, run, withoutJitter }: ChartRow, index: number): string {
  const minutes = scenario.options.length / 60;
  const axes = { top: topOf(index), end: minutes, mostCalls: 100_000 };
  const curve = (style: string, counts: readonly number[]) =>
    steps(style, busiest(counts), axes, STEP_SECONDS / 60);
  const { DescribeSecret, GetSecretValue } = withoutJitter.calls;
  return [
    frame(
      scenario.name,
      axes,
      [0, 10, 20, 30, 40].map((minute) => [minute, `${minute} min`]),
    ),
    ...Object.entries(QUOTAS).map(([call, quota]) => {
      const y = yOf(quota, axes);
      return `  <path class="grid" stroke-dasharray="6 4" d="M${PANEL.left} ${y}h${PANEL.width}"/>\n  <text class="small end" x="${PANEL.left + PANEL.width}" y="${y - 4}">quota of ${call}</text>`;
    }),
    curve(
      'fixed',
      DescribeSecret.map((count, second) => count + (GetSecretValue[second] ?? 0)),
    ),
    curve('rejected', run.calls.GetSecretValue),
    curve('accepted', run.calls.DescribeSecret),
  ].join('\n');
}

function busiest(perSecond: readonly number[]): readonly number[] {
  const most: number[] = [];
  for (let from = 0; from < perSecond.length; from += STEP_SECONDS)
    most.push(Math.max(...perSecond.slice(from, from + STEP_SECONDS)));
  return most;
}
