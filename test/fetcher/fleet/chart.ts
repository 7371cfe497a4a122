/** The calls of fleets over time, as an SVG with one panel for each scenario. */
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

const WIDTH = 960;
const PANEL = { left: 64, width: 872, top: 84, height: 168, distance: 236 };
const SECONDS = 60;
/** The axis is logarithmic, from one call to this number of calls per second. */
const MOST_CALLS = 10_000;

const STYLE = `
    svg { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    .ground { fill: #ffffff; }
    text { fill: #1f2328; }
    .small { font-size: 12px; fill: #59636e; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .grid { stroke: #d1d9e0; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .all { stroke: #1f2328; }
    .accepted { stroke: #0969da; }
    .rejected { stroke: #bc4c00; }
    .fixed { stroke: #818b98; stroke-width: 1.5; stroke-dasharray: 3 3; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; }
      text { fill: #e6edf3; }
      .small { fill: #b1bac4; }
      .grid { stroke: #30363d; }
      .all { stroke: #e6edf3; }
      .accepted { stroke: #58a6ff; }
      .rejected { stroke: #f0883e; }
      .fixed { stroke: #8b949e; }
    }`;

const CURVES = [
  { name: 'calls per second', style: 'all' },
  { name: 'accepted', style: 'accepted' },
  { name: 'throttled or refused', style: 'rejected' },
  { name: 'calls without jitter, for comparison', style: 'fixed' },
];

/** Draws the chart. The same runs give the same text. */
export function drawChart(rows: readonly ChartRow[]): string {
  const height = PANEL.top + (rows.length - 1) * PANEL.distance + PANEL.height + 32;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">Calls per second of 1,000 fetchers that start together</title>
  <desc id="desc">After the first seconds, the calls come down towards the limit of the service, which is used in full, and no
    waves form. Without jitter, the same fetchers would call in waves.</desc>
  <style>${STYLE}
  </style>
  <rect class="ground" width="${WIDTH}" height="${height}"/>
${legend()}
${rows.map((row, index) => panel(row, PANEL.top + index * PANEL.distance)).join('\n')}
</svg>
`;
}

function legend(): string {
  const widths = [176, 124, 210, 0];
  let left = PANEL.left;
  const parts = CURVES.map(({ name, style }, index) => {
    const at = left;
    left += widths[index] ?? 0;
    return `  <path class="line ${style}" d="M${at} 27h28"/>\n  <text x="${at + 36}" y="32">${name}</text>`;
  });
  return parts.join('\n');
}

function panel({ scenario, run, withoutJitter }: ChartRow, top: number): string {
  const { name } = scenario;
  const loads = loadOf(callsOf(run, scenario), 1000);
  const bottom = top + PANEL.height;
  const lines = [
    ['fixed', loadOf(callsOf(withoutJitter, scenario), 1000).map(total)],
    ['rejected', loads.map(({ throttled, refused }) => throttled + refused)],
    ['all', loads.map(total)],
    ['accepted', loads.map(({ accepted }: Load) => accepted)],
  ] as const;
  return [
    `  <text x="${PANEL.left}" y="${top - 14}">${name.charAt(0).toUpperCase()}${name.slice(1)}</text>`,
    ...[1, 10, 100, 1000, 10_000].map((count) => {
      const y = yOf(count, top);
      return `  <path class="grid" d="M${PANEL.left} ${y}h${PANEL.width}"/>\n  <text class="small end" x="${PANEL.left - 8}" y="${round(y + 4)}">${count.toLocaleString('en-US')}</text>`;
    }),
    ...[0, 10, 20, 30, 40, 50, 60].map(
      (second) => `  <text class="small middle" x="${xOf(second)}" y="${bottom + 18}">${second} s</text>`,
    ),
    ...lines.map(([style, counts]) => `  <path class="line ${style}" d="${curve(counts, top)}"/>`),
  ].join('\n');
}

/** Calls to the limited service; in an outage, calls to both, because fetchers that wait for it sign in. */
function callsOf(run: FleetRun, { limited, options }: Scenario): readonly Call[] {
  return options.outage === undefined ? run[limited] : [...run.sts, ...run.secretsManager];
}

/** Steps: one for each second, up to the last with a call. */
function curve(counts: readonly number[], top: number): string {
  const end = counts.findLastIndex((count) => count > 0) + 1;
  const steps = counts.slice(0, end).map((count, second) => `V${yOf(count, top)}H${xOf(second + 1)}`);
  return `M${xOf(0)} ${yOf(0, top)}${steps.join('')}V${yOf(0, top)}`;
}

function xOf(second: number): number {
  return round(PANEL.left + (second / SECONDS) * PANEL.width);
}

/** No calls are drawn on the axis, as one call is. */
function yOf(count: number, top: number): number {
  const share = Math.log10(Math.max(1, count)) / Math.log10(MOST_CALLS);
  return round(top + PANEL.height * (1 - share));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
