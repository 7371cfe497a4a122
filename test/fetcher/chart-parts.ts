/** The parts of charts of calls per second: SVG with several panels, readable in light and dark. */
import { svgFile, tenths } from '../pictures/svg-file.ts';

export const CHART_WIDTH = 960;
export const PANEL = { left: 64, width: 872, top: 84, height: 168, distance: 236 };

const STYLE = `    svg { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
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

/** A kind of curve, by its class in the style. */
export interface Curve {
  readonly name: string;
  readonly style: string;
  /** The room of the name in the legend; the last needs none. */
  readonly width: number;
}

export interface Chart {
  readonly title: string;
  /** For people who cannot see the chart; its lines are indented by four spaces. */
  readonly description: string;
  readonly curves: readonly Curve[];
  readonly panels: readonly string[];
}

/** The chart as a file. */
export function chart({ title, description, curves, panels }: Chart): string {
  const height = topOf(panels.length - 1) + PANEL.height + 32;
  return svgFile({
    title,
    description,
    width: CHART_WIDTH,
    height,
    style: STYLE,
    parts: [legend(curves), ...panels],
  });
}

/** The top of the panel with an index. */
export function topOf(index: number): number {
  return PANEL.top + index * PANEL.distance;
}

function legend(curves: readonly Curve[]): string {
  let left = PANEL.left;
  const parts = curves.map(({ name, style, width }) => {
    const at = left;
    left += width;
    return `  <path class="line ${style}" d="M${at} 27h28"/>\n  <text x="${at + 36}" y="32">${name}</text>`;
  });
  return parts.join('\n');
}

/** The axes of a panel, of which the vertical one is logarithmic. */
export interface Axes {
  readonly top: number;
  /** The horizontal axis ends here, in its own unit. */
  readonly end: number;
  /** The vertical axis goes from one call to this number of calls per second. */
  readonly mostCalls: number;
}

export function xOf(value: number, { end }: Axes): number {
  return tenths(PANEL.left + (value / end) * PANEL.width);
}

/** No calls are drawn on the axis, as one call is. */
export function yOf(count: number, { top, mostCalls }: Axes): number {
  const share = Math.log10(Math.max(1, count)) / Math.log10(mostCalls);
  return tenths(top + PANEL.height * (1 - share));
}

/** The name of a panel, the lines of its grid, and the labels of the axes. */
export function frame(name: string, axes: Axes, ticks: readonly (readonly [number, string])[]): string {
  const lines = Array.from({ length: Math.round(Math.log10(axes.mostCalls)) + 1 }, (_, power) => 10 ** power);
  return [
    `  <text x="${PANEL.left}" y="${axes.top - 14}">${name.charAt(0).toUpperCase()}${name.slice(1)}</text>`,
    ...lines.map((count) => {
      const y = yOf(count, axes);
      return `  <path class="grid" d="M${PANEL.left} ${y}h${PANEL.width}"/>\n  <text class="small end" x="${PANEL.left - 8}" y="${tenths(y + 4)}">${count.toLocaleString('en-US')}</text>`;
    }),
    ...ticks.map(
      ([value, text]) =>
        `  <text class="small middle" x="${xOf(value, axes)}" y="${axes.top + PANEL.height + 18}">${text}</text>`,
    ),
  ].join('\n');
}

/** A curve of steps: one for each count, up to the last that is not 0. @param step on the horizontal axis */
export function steps(style: string, counts: readonly number[], axes: Axes, step = 1): string {
  const end = counts.findLastIndex((count) => count > 0) + 1;
  const path = counts
    .slice(0, end)
    .map((count, index) => `V${yOf(count, axes)}H${xOf((index + 1) * step, axes)}`);
  return `  <path class="line ${style}" d="M${xOf(0, axes)} ${yOf(0, axes)}${path.join('')}V${yOf(0, axes)}"/>`;
}
