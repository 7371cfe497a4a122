/** The timeline of the fetcher as an SVG: one line for each step, below those of the same group. */
import { escapeXml, svgFile, tenths } from '../svg-file.ts';
import type { Bar, Group, Row } from './steps.ts';

export interface Timeline {
  readonly title: string;
  readonly rows: readonly Row[];
  /** The end of the last bar, in milliseconds. */
  readonly end: number;
  /** Sentences below the picture. */
  readonly notes: readonly string[];
}

const WIDTH = 960;
const LINE = 22;
const TOP = 84;
const LEFT = 272;
const RIGHT = 792;
const COLUMNS = { from: 876, length: WIDTH - 16 };

const GROUPS: Readonly<Record<Group, string>> = {
  baseline: 'For comparison',
  process: 'Process',
  'sign-in': 'Connection to STS',
  read: 'Connection to Secrets Manager',
};

const STYLE = `    svg { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    .ground { fill: #ffffff; }
    text { fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .group { font-weight: 600; }
    .small { font-size: 12px; fill: #59636e; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .grid { stroke: #d1d9e0; }
    .baseline { fill: #818b98; }
    .process { fill: #0969da; }
    .sign-in { fill: #bc4c00; }
    .read { fill: #8250df; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; }
      text { fill: #e6edf3; }
      .small { fill: #b1bac4; }
      .grid { stroke: #30363d; }
      .baseline { fill: #8b949e; }
      .process { fill: #58a6ff; }
      .sign-in { fill: #f0883e; }
      .read { fill: #bc8cff; }
    }`;

/** Draws the timeline. */
export function drawTimeline({ title, rows, end, notes }: Timeline): string {
  const lines = [...Map.groupBy(rows, ({ group }) => group)].flatMap(([group, members]) => [
    group,
    ...members,
  ]);
  const bottom = TOP + lines.length * LINE;
  const x = (milliseconds: number) => tenths(LEFT + (milliseconds / end) * (RIGHT - LEFT));
  const ticks = Array.from({ length: Math.floor(end / 20) + 1 }, (_, index) => index * 20);
  return svgFile({
    title,
    description: rows
      .map((row) => `${GROUPS[row.group]}, ${row.name}: ${lengthOf(row.bars)} ms from ${startsOf(row.bars)}.`)
      .join('\n    '),
    width: WIDTH,
    height: bottom + 20 + notes.length * 18,
    style: STYLE,
    parts: [
      `  <text class="title" x="16" y="32">${escapeXml(title)}</text>`,
      `  <text class="small end" x="${COLUMNS.from}" y="${TOP - 18}">start</text>`,
      `  <text class="small end" x="${COLUMNS.length}" y="${TOP - 18}">length</text>`,
      ...ticks.map(
        (tick) =>
          `  <path class="grid" d="M${x(tick)} ${TOP - 12}V${bottom}"/>\n  <text class="small middle" x="${x(tick)}" y="${TOP - 18}">${tick}${tick === 0 ? ' ms' : ''}</text>`,
      ),
      ...lines.map((line, index) => {
        const y = TOP + index * LINE;
        if (typeof line === 'string')
          return `  <text class="group" x="16" y="${y + 15}">${GROUPS[line]}</text>`;
        const bars = line.bars.map(
          ({ from, to }) =>
            `  <rect class="${line.group}" x="${x(from)}" y="${y + 4}" width="${Math.max(1, tenths(x(to) - x(from)))}" height="14"/>`,
        );
        return [
          `  <text x="28" y="${y + 15}">${escapeXml(line.name)}</text>`,
          ...bars,
          `  <text class="small end" x="${COLUMNS.from}" y="${y + 15}">${startsOf(line.bars)}</text>`,
          `  <text class="small end" x="${COLUMNS.length}" y="${y + 15}">${lengthOf(line.bars)}</text>`,
        ].join('\n');
      }),
      ...notes.map(
        (note, index) =>
          `  <text class="small" x="16" y="${bottom + 24 + index * 18}">${escapeXml(note)}</text>`,
      ),
    ],
  });
}

/** In milliseconds. */
export function startsOf(bars: readonly Bar[]): string {
  return bars.map(({ from }) => from.toFixed(1)).join(', ');
}

/** In milliseconds. */
export function lengthOf(bars: readonly Bar[]): string {
  return bars.reduce((sum, { from, to }) => sum + to - from, 0).toFixed(1);
}
