/** A flame graph as an SVG: each frame is as wide as its share of the time, and lies on the frame that called it. */
import { escapeXml, svgFile, tenths } from '../svg-file.ts';
import type { Frame } from './call-tree.ts';
import { KINDS, type Kind, sharesOf } from './kinds.ts';

export interface FlameGraph {
  readonly title: string;
  readonly root: Frame;
  /** Sentences below the picture. */
  readonly notes: readonly string[];
}

const WIDTH = 1200;
const LINE = 17;
const TOP = 96;
const SIDE = 16;
/** Of a character in a frame. */
const CHARACTER = 6.1;
/** Frames with a smaller share are left out. */
const LEAST_SHARE = 0.003;

const STYLE = `    svg { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    .ground { fill: #ffffff; }
    .page { fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .small { font-size: 12px; fill: #59636e; }
    g text { font: 10px ui-monospace, "DejaVu Sans Mono", monospace; fill: #1f2328; }
    .decision { fill: #f5a55c; }
    .server { fill: #f2d06b; }
    .libraries { fill: #b5d99c; }
    .http { fill: #8cc2f2; }
    .node { fill: #bcd3e6; }
    .garbage { fill: #e893a8; }
    .program { fill: #c4c9cf; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; }
      .page { fill: #e6edf3; }
      .small { fill: #b1bac4; }
    }`;

/** Draws the graph. */
export function drawFlameGraph({ title, root, notes }: FlameGraph): string {
  const placed = place(root, root, 0, 0);
  const depth = Math.max(...placed.map((one) => one.depth)) + 1;
  const bottom = TOP + depth * LINE;
  const shares = sharesOf(root);
  const kinds = Object.keys(KINDS) as Kind[];
  return svgFile({
    title,
    description: kinds.map((kind) => `${KINDS[kind]}: ${percent(shares[kind])}.`).join('\n    '),
    width: WIDTH,
    height: bottom + 16 + notes.length * 18,
    style: STYLE,
    parts: [
      `  <text class="page title" x="${SIDE}" y="32">${escapeXml(title)}</text>`,
      ...kinds.map((kind, index) => {
        const [x, y] = [SIDE + (index % 4) * 296, 44 + Math.floor(index / 4) * 22];
        return `  <rect class="${kind}" x="${x}" y="${y}" width="14" height="14"/><text class="page" x="${x + 20}" y="${y + 12}">${KINDS[kind]}: ${percent(shares[kind])}</text>`;
      }),
      ...placed.map(({ frame, depth: level, left, share }) => {
        const [x, y] = [SIDE + left * (WIDTH - 2 * SIDE), bottom - (level + 1) * LINE];
        const width = share * (WIDTH - 2 * SIDE);
        const characters = Math.floor((width - 4) / CHARACTER);
        const label =
          characters < 3
            ? ''
            : `<text x="${tenths(x + 2)}" y="${y + 12}">${escapeXml(cut(frame.name, characters))}</text>`;
        const where = frame.source === '' ? '' : `, ${frame.source}`;
        return `  <g><title>${escapeXml(`${frame.name}${where}: ${percent(share)}`)}</title><rect class="${frame.kind}" x="${tenths(x)}" y="${y}" width="${tenths(Math.max(0.5, width - 0.5))}" height="${LINE - 1}"/>${label}</g>`;
      }),
      ...notes.map(
        (note, index) =>
          `  <text class="small" x="${SIDE}" y="${bottom + 20 + index * 18}">${escapeXml(note)}</text>`,
      ),
    ],
  });
}

interface Placed {
  readonly frame: Frame;
  /** 0 is the root. */
  readonly depth: number;
  /** As shares of the whole width. */
  readonly left: number;
  readonly share: number;
}

function place(frame: Frame, root: Frame, depth: number, left: number): readonly Placed[] {
  const share = frame.total / root.total;
  if (share < LEAST_SHARE) return [];
  let next = left;
  const above = frame.children.flatMap((child) => {
    const at = next;
    next += child.total / root.total;
    return place(child, root, depth + 1, at);
  });
  return [{ frame, depth, left, share }, ...above];
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
